//! Calls about a role, and calls of Openbravo's former class `OrgTree`.

use org_structure::{OrgId, OrgStructure, quoted_list};
use serde_json::{Value, json};
use session::openbravo::legacy::{SiblingOrder, accessible_tree, referenceable_orgs};
use session::openbravo::{AccessOptions, AutomaticRoles, RoleFacts, user_org_context};
use session::{ClientId, OrgSelection, RoleAccess, RoleId};

use crate::query::arguments::{Arguments, Id};
use crate::query::erp::{Erp, Tree};
use crate::query::problem::QueryProblem;

/// A question about a role, or one of the former `OrgTree`.
pub(super) enum RoleQuestion<'a> {
    Access(WhatIf<'a>, fn(&RoleAccess, &OrgStructure) -> Value),
    UserOrgContext { role: Id<'a> },
    LegacyAccessibleTree { role: Id<'a> },
    LegacyReferenceable { org: Id<'a> },
}

/// A role, and hypothetical changes to its access.
pub(super) struct WhatIf<'a> {
    role: Id<'a>,
    /// The rule for automatic roles. `None` for the default.
    automatic_roles: Option<AutomaticRoles>,
    current_client: Id<'a>,
    inactive_access: Vec<OrgId>,
    inactive_orgs: Vec<OrgId>,
}

/// Whether a call asks about the rights of a role.
pub(super) fn takes_a_role(call: &str) -> bool {
    matches!(
        call,
        "writable_orgs"
            | "readable_orgs"
            | "readable_orgs_count"
            | "user_org_context"
            | "legacy_accessible_tree"
    )
}

/// Parses the question, if the call is one of these.
pub(super) fn take<'a>(
    call: &str,
    from: &mut Arguments<'a>,
) -> Result<Option<RoleQuestion<'a>>, QueryProblem> {
    let access = |from, answer| Ok::<_, QueryProblem>(RoleQuestion::Access(WhatIf::take(from)?, answer));
    Ok(Some(match call {
        "writable_orgs" => access(from, |access, tree| set(access.writable(), tree))?,
        "readable_orgs" => access(from, |access, tree| set(access.readable(), tree))?,
        "readable_orgs_count" => access(from, |access, _| access.readable().len().into())?,
        "user_org_context" => RoleQuestion::UserOrgContext { role: from.id("role")? },
        "legacy_accessible_tree" => RoleQuestion::LegacyAccessibleTree { role: from.id("role")? },
        "legacy_referenceable_orgs" => RoleQuestion::LegacyReferenceable { org: from.id("org")? },
        _ => return Ok(None),
    }))
}

fn set(orgs: &OrgSelection, tree: &OrgStructure) -> Value {
    json!(orgs.ids(tree).collect::<Vec<_>>())
}

impl RoleQuestion<'_> {
    pub(super) async fn answer(&self, erp: &impl Erp, tree: &Tree) -> Result<Value, QueryProblem> {
        let structure = &tree.structure;
        Ok(match self {
            RoleQuestion::Access(what_if, answer) => answer(&what_if.access(erp, tree).await?, structure),
            RoleQuestion::UserOrgContext { role } => {
                user_org_context(&read_role(erp, role.as_deref(), tree.client).await?).into()
            }
            RoleQuestion::LegacyAccessibleTree { role } => {
                let role = read_role(erp, role.as_deref(), tree.client).await?;
                set(&accessible_tree(structure, &role.accesses), structure)
            }
            RoleQuestion::LegacyReferenceable { org } => {
                let directory = erp.directory(tree.client).await?;
                let numbers: Vec<(OrgId, Option<f64>)> =
                    directory.iter().map(|(id, entry)| (*id, entry.sequence_number)).collect();
                let order = SiblingOrder::new(&numbers);
                quoted_list(referenceable_orgs(structure, &order, org.as_deref())).into()
            }
        })
    }
}

impl<'a> WhatIf<'a> {
    fn take(from: &mut Arguments<'a>) -> Result<Self, QueryProblem> {
        Ok(WhatIf {
            role: from.id("role")?,
            automatic_roles: from
                .optional_flag("automatic_roles")?
                .map(|all| if all { AutomaticRoles::OfClient } else { AutomaticRoles::ByRows }),
            current_client: from.optional_id("current_client")?,
            inactive_access: from.optional_org_ids("inactive_access")?,
            inactive_orgs: from.optional_org_ids("inactive_orgs")?,
        })
    }

    async fn access(&self, erp: &impl Erp, tree: &Tree) -> Result<RoleAccess, QueryProblem> {
        let named = self.current_client.as_deref().map(ClientId::new).transpose();
        let current_client = named
            .map_err(|error| {
                QueryProblem::wrong_argument("current_client", &format!("is not an id: {error}"))
            })?
            .unwrap_or(tree.client);
        let role = read_role(erp, self.role.as_deref(), current_client).await?;
        let options = AccessOptions {
            automatic_roles: self.automatic_roles.unwrap_or(erp.automatic_roles()),
            current_client: Some(current_client),
            inactive_access: &self.inactive_access,
            inactive_orgs: &self.inactive_orgs,
            ..AccessOptions::default()
        };
        Ok(role.access(&tree.structure, &options))
    }
}

/// Reads a role, with the organizations that matter while it works in `current_client`. Odoo has no roles.
///
/// # Errors
/// An unknown role; a database that does not answer or contains an invalid id.
async fn read_role(
    erp: &impl Erp,
    id: Option<&str>,
    current_client: ClientId,
) -> Result<RoleFacts, QueryProblem> {
    if !erp.covers(current_client.as_str()) {
        return Err(QueryProblem::unknown_client(current_client.as_str()));
    }
    // An invalid id is an unknown role.
    let role = match (erp.reader(), id.and_then(|id| RoleId::new(id).ok())) {
        (Some(reader), Some(id)) => reader.role_facts(id, current_client).await?,
        _ => None,
    };
    role.and_then(|role| erp.restrict(role)).ok_or_else(|| QueryProblem::unknown_role(id))
}
