//! Access by a plain list of companies, as in Odoo.

use org_structure::{OrgId, OrgStructure};

use crate::{ClientId, OrgSelection, RoleAccess, RoleId, UserLevel};

/// The facts of a login for an ERP whose users have a plain list of companies: no inheritance up or down, no
/// organization `0`.
///
/// [`RoleAccess`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFacts {
    /// The tenant.
    pub client: ClientId,
    /// The role, or a constant id if the ERP has no roles.
    pub role: RoleId,
    /// The companies that the user may use, in any order.
    pub companies: Vec<OrgId>,
    /// The company to work in if the user chooses none.
    pub default: OrgId,
}

impl CompanyFacts {
    /// The companies, readable and writable alike.
    #[must_use]
    pub fn access(&self, tree: &OrgStructure) -> RoleAccess {
        let companies = OrgSelection::from_ids(tree, &self.companies);
        RoleAccess {
            level: UserLevel::default(),
            readable: companies.clone(),
            writable: companies,
            granted: Box::default(),
        }
    }
}
