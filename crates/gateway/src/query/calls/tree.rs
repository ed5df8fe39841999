//! Calls that a tree answers alone.

use std::borrow::Cow;

use org_structure::openbravo::{OrganizationStructureProvider, Orgs};
use org_structure::{OrgFlags, OrgId};
use serde_json::{Value, json};

use crate::query::arguments::{Arguments, Id, Record};
use crate::query::problem::QueryProblem;

/// A question that a tree answers alone.
pub(crate) enum TreeQuestion<'a> {
    NaturalTree(Id<'a>),
    IsInNaturalTree(Id<'a>, Id<'a>),
    ParentOrg(Id<'a>),
    ParentList(Id<'a>, bool),
    ParentTree(Id<'a>, bool),
    ChildOrg(Id<'a>),
    ChildTree(Id<'a>, bool),
    LegalEntity(Id<'a>),
    LegalEntityOrBusinessUnit(Id<'a>),
    BusinessUnit(Id<'a>),
    PeriodControlOrg(Id<'a>),
    CalendarOwner(Id<'a>),
    ChildLegalEntities(Id<'a>),
    TransactionAllowedOrgs(Cow<'a, str>),
    Closest(Vec<Record<'a>>, Id<'a>),
    PersistedOrgInfo(Id<'a>),
    PeriodControlOrgTreenode(Id<'a>),
    CalendarOwnerTreenode(Id<'a>),
}

impl<'a> TreeQuestion<'a> {
    /// The question of a call, if it is one of these.
    pub(crate) fn take(call: &str, from: &mut Arguments<'a>) -> Result<Option<Self>, QueryProblem> {
        Ok(Some(match call {
            "natural_tree" | "referenceable_orgs" => TreeQuestion::NaturalTree(from.id("org")?),
            "is_in_natural_tree" => TreeQuestion::IsInNaturalTree(from.id("org1")?, from.id("org2")?),
            "parent_org" => TreeQuestion::ParentOrg(from.id("org")?),
            "parent_list" => TreeQuestion::ParentList(from.id("org")?, from.flag("include_org")?),
            "parent_tree" => TreeQuestion::ParentTree(from.id("org")?, from.flag("include_org")?),
            "child_org" => TreeQuestion::ChildOrg(from.id("org")?),
            "child_tree" => TreeQuestion::ChildTree(from.id("org")?, from.flag("include_org")?),
            "legal_entity" => TreeQuestion::LegalEntity(from.id("org")?),
            "legal_entity_or_business_unit" => TreeQuestion::LegalEntityOrBusinessUnit(from.id("org")?),
            "business_unit" => TreeQuestion::BusinessUnit(from.id("org")?),
            "period_control_org" => TreeQuestion::PeriodControlOrg(from.id("org")?),
            "calendar_owner" => TreeQuestion::CalendarOwner(from.id("org")?),
            "child_legal_entities" => TreeQuestion::ChildLegalEntities(from.id("org")?),
            "transaction_allowed_orgs" => TreeQuestion::TransactionAllowedOrgs(from.text("orgs")?),
            "closest" => TreeQuestion::Closest(from.records("records")?, from.id("org")?),
            "persisted_org_info" => TreeQuestion::PersistedOrgInfo(from.id("org")?),
            "sql_period_control_org_treenode" => TreeQuestion::PeriodControlOrgTreenode(from.id("org")?),
            "sql_calendar_owner_treenode" => TreeQuestion::CalendarOwnerTreenode(from.id("org")?),
            _ => return Ok(None),
        }))
    }

    pub(crate) fn answer(&self, tree: OrganizationStructureProvider<'_>) -> Result<Value, QueryProblem> {
        Ok(match self {
            TreeQuestion::NaturalTree(org) => set(&tree.natural_tree(org.as_deref())),
            TreeQuestion::IsInNaturalTree(one, other) => {
                tree.is_in_natural_tree(one.as_deref(), other.as_deref()).into()
            }
            TreeQuestion::ParentOrg(org) => id(tree.parent_org(org.as_deref())),
            TreeQuestion::ParentList(org, include_org) => {
                json!(tree.parent_list(org.as_deref(), *include_org))
            }
            TreeQuestion::ParentTree(org, include_org) => {
                set(&tree.parent_tree(org.as_deref(), *include_org))
            }
            TreeQuestion::ChildOrg(org) => set(&tree.child_org(org.as_deref())),
            TreeQuestion::ChildTree(org, include_org) => set(&tree.child_tree(org.as_deref(), *include_org)),
            TreeQuestion::LegalEntity(org) => id(tree.legal_entity(org.as_deref())),
            TreeQuestion::LegalEntityOrBusinessUnit(org) => {
                id(tree.legal_entity_or_business_unit(org.as_deref()))
            }
            TreeQuestion::BusinessUnit(org) => id(tree.business_unit(org.as_deref())),
            TreeQuestion::PeriodControlOrg(org) => id(tree.period_control_allowed(org.as_deref())),
            TreeQuestion::CalendarOwner(org) => id(tree.calendar_owner(org.as_deref())),
            TreeQuestion::ChildLegalEntities(org) => set(&tree.child_legal_entities(org.as_deref())),
            TreeQuestion::TransactionAllowedOrgs(orgs) => tree.transaction_allowed_orgs(orgs).into(),
            TreeQuestion::Closest(records, org) => {
                let owned =
                    records.iter().filter_map(|(record, org)| Some((record.as_ref(), org.as_deref()?)));
                tree.closest(owned, org.as_deref()).into()
            }
            TreeQuestion::PersistedOrgInfo(org) => persisted_org_info(tree, org.as_deref()),
            TreeQuestion::PeriodControlOrgTreenode(org) => {
                below_zero(org, |org| tree.period_control_allowed(org))
            }
            TreeQuestion::CalendarOwnerTreenode(org) => below_zero(org, |org| tree.calendar_owner(org)),
        })
    }
}

/// What would be stored with an organization if it were set ready now.
fn persisted_org_info(tree: OrganizationStructureProvider<'_>, org: Option<&str>) -> Value {
    let structure = tree.structure();
    let org_index = org.and_then(|org| structure.index_of(org));
    let nearest = |flags| id(org_index.and_then(|org| structure.id(structure.nearest(org, flags)?)));
    let owner = org_index.and_then(|org| structure.nearest_calendar_owner(org));
    json!({
        "legal_entity": nearest(OrgFlags::LEGAL_ENTITY),
        "business_unit": nearest(OrgFlags::BUSINESS_UNIT),
        "period_control_allowed": nearest(OrgFlags::PERIOD_CONTROL),
        "calendar_owner": id(owner.and_then(|owner| structure.id(owner))),
        "inherited_calendar": owner.and_then(|owner| structure.calendar(owner)),
    })
}

/// The database functions that walk the nodes stop before `0`: they find neither `0` nor anything for it.
fn below_zero(org: &Id<'_>, nearest: impl Fn(Option<&str>) -> Option<OrgId>) -> Value {
    id(nearest(org.as_deref()).filter(|found| !found.is_zero()))
}

/// A set: organizations of the tree in tree order, then an unknown id that answers itself.
pub(crate) fn set(orgs: &Orgs<'_>) -> Value {
    orgs.iter().map(|org| org.map_or(Value::Null, Value::from)).collect()
}

pub(crate) fn id(org: Option<OrgId>) -> Value {
    org.map_or(Value::Null, |org| org.as_str().into())
}
