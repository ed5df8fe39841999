//! Access by a plain list of companies, as Odoo has it.

use org_structure::{OrgId, OrgStructure};

use crate::{ClientId, OrgSelection, RoleAccess, RoleId, UserLevel};

/// What decides about a login where a user simply has companies: no inheritance up or down, no organization
/// `0`.
///
/// [`RoleAccess`] shows what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFacts {
    /// The tenant.
    pub client: ClientId,
    /// What stands for the role, where the ERP has none.
    pub role: RoleId,
    /// The companies that the user may use, in any order.
    pub companies: Vec<OrgId>,
    /// The company to work in where none is chosen.
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
