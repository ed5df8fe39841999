//! Calls that need only the tree.

use std::borrow::Cow;

use org_structure::openbravo::{OrganizationStructureProvider, Orgs};
use org_structure::{OrgFlags, OrgId};
use serde_json::{Value, json};

use crate::query::arguments::{Arguments, Id, Record};
use crate::query::problem::QueryProblem;

/// A tree as Openbravo's callers see it.
type Provider<'t> = OrganizationStructureProvider<'t>;

/// A question that needs only the tree.
pub(super) enum TreeQuestion<'a> {
    /// About an organization.
    Org(Id<'a>, fn(Provider<'_>, Option<&str>) -> Value),
    /// About the relatives of an organization. The flag includes the organization itself.
    Relatives(Id<'a>, bool, fn(Provider<'_>, Option<&str>, bool) -> Value),
    IsInNaturalTree(Id<'a>, Id<'a>),
    TransactionAllowedOrgs(Cow<'a, str>),
    Closest(Vec<Record<'a>>, Id<'a>),
}

/// Parses the question, if the call is one of these.
pub(super) fn take<'a>(
    call: &str,
    from: &mut Arguments<'a>,
) -> Result<Option<TreeQuestion<'a>>, QueryProblem> {
    Ok(Some(match call {
        "natural_tree" | "referenceable_orgs" => about_org(from, |tree, org| set(&tree.natural_tree(org)))?,
        "is_in_natural_tree" => TreeQuestion::IsInNaturalTree(from.id("org1")?, from.id("org2")?),
        "parent_org" => about_org(from, |tree, org| id(tree.parent_org(org)))?,
        "parent_list" => relatives(from, |tree, org, itself| json!(tree.parent_list(org, itself)))?,
        "parent_tree" => relatives(from, |tree, org, itself| set(&tree.parent_tree(org, itself)))?,
        "child_org" => about_org(from, |tree, org| set(&tree.child_org(org)))?,
        "child_tree" => relatives(from, |tree, org, itself| set(&tree.child_tree(org, itself)))?,
        "legal_entity" => about_org(from, |tree, org| id(tree.legal_entity(org)))?,
        "legal_entity_or_business_unit" => {
            about_org(from, |tree, org| id(tree.legal_entity_or_business_unit(org)))?
        }
        "business_unit" => about_org(from, |tree, org| id(tree.business_unit(org)))?,
        "period_control_org" => about_org(from, |tree, org| id(tree.period_control_allowed(org)))?,
        "calendar_owner" => about_org(from, |tree, org| id(tree.calendar_owner(org)))?,
        "child_legal_entities" => about_org(from, |tree, org| set(&tree.child_legal_entities(org)))?,
        "transaction_allowed_orgs" => TreeQuestion::TransactionAllowedOrgs(from.text("orgs")?),
        "closest" => TreeQuestion::Closest(from.records("records")?, from.id("org")?),
        "persisted_org_info" => about_org(from, persisted_org_info)?,
        "sql_period_control_org_treenode" => {
            about_org(from, |tree, org| id(unless_zero(tree.period_control_allowed(org))))?
        }
        "sql_calendar_owner_treenode" => {
            about_org(from, |tree, org| id(unless_zero(tree.calendar_owner(org))))?
        }
        _ => return Ok(None),
    }))
}

fn about_org<'a>(
    from: &mut Arguments<'a>,
    answer: fn(Provider<'_>, Option<&str>) -> Value,
) -> Result<TreeQuestion<'a>, QueryProblem> {
    Ok(TreeQuestion::Org(from.id("org")?, answer))
}

fn relatives<'a>(
    from: &mut Arguments<'a>,
    answer: fn(Provider<'_>, Option<&str>, bool) -> Value,
) -> Result<TreeQuestion<'a>, QueryProblem> {
    Ok(TreeQuestion::Relatives(from.id("org")?, from.flag("include_org")?, answer))
}

impl TreeQuestion<'_> {
    pub(super) fn answer(&self, tree: Provider<'_>) -> Value {
        match self {
            TreeQuestion::Org(org, answer) => answer(tree, org.as_deref()),
            TreeQuestion::Relatives(org, itself, answer) => answer(tree, org.as_deref(), *itself),
            TreeQuestion::IsInNaturalTree(one, other) => {
                tree.is_in_natural_tree(one.as_deref(), other.as_deref()).into()
            }
            TreeQuestion::TransactionAllowedOrgs(orgs) => tree.transaction_allowed_orgs(orgs).into(),
            TreeQuestion::Closest(records, org) => {
                let owned =
                    records.iter().filter_map(|(record, org)| Some((record.as_ref(), org.as_deref()?)));
                tree.closest(owned, org.as_deref()).into()
            }
        }
    }
}

/// The columns that Openbravo would store for an organization if it became ready now.
fn persisted_org_info(tree: Provider<'_>, org: Option<&str>) -> Value {
    let structure = tree.structure();
    let org = org.and_then(|org| structure.index_of(org));
    let nearest = |flags| id(org.and_then(|org| structure.id(structure.nearest(org, flags)?)));
    let owner = org.and_then(|org| structure.nearest_calendar_owner(org));
    json!({
        "legal_entity": nearest(OrgFlags::LEGAL_ENTITY),
        "business_unit": nearest(OrgFlags::BUSINESS_UNIT),
        "period_control_allowed": nearest(OrgFlags::PERIOD_CONTROL),
        "calendar_owner": id(owner.and_then(|owner| structure.id(owner))),
        "inherited_calendar": owner.and_then(|owner| structure.calendar(owner)),
    })
}

/// Openbravo's database functions that walk the nodes stop before `0`, so they never return it.
fn unless_zero(found: Option<OrgId>) -> Option<OrgId> {
    found.filter(|found| !found.is_zero())
}

/// A set as JSON: organizations in tree order, or an unknown id, which is its own natural tree.
fn set(orgs: &Orgs<'_>) -> Value {
    orgs.iter().map(|org| org.map_or(Value::Null, Value::from)).collect()
}

fn id(org: Option<OrgId>) -> Value {
    org.map_or(Value::Null, |org| org.as_str().into())
}
