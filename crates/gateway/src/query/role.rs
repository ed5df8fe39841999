//! Reading a role with everything that decides about its access.

use erp_db::ErpReader;
use session::openbravo::{AccessedOrganization, ClientOrganization, OrgAccess, RoleFacts};
use session::{ClientId, RoleId, UserLevel};

use super::problem::Problem;

/// A role of any client, with the organizations that matter where it works in `current_client`.
///
/// # Errors
/// An unknown role; a database that does not answer, or has what cannot be an id.
pub(crate) async fn read(
    reader: &ErpReader,
    id: Option<&str>,
    current_client: ClientId,
) -> Result<RoleFacts, Problem> {
    let role = match id {
        Some(id) => reader.role(id).await?,
        None => None,
    };
    let role = role.ok_or_else(|| Problem::unknown_role(id))?;
    let mut facts = RoleFacts {
        id: RoleId::new(&role.id).map_err(|error| Problem::damaged_rows(&error))?,
        client: client_id(&role.client)?,
        level: UserLevel::new(&role.user_level).map_err(|error| Problem::damaged_rows(&error))?,
        manual: role.manual,
        active: role.active,
        accesses: Vec::new(),
        organizations: Vec::new(),
    };
    for row in reader.role_org_accesses(&role.id).await? {
        let organization = match row.organization {
            Some(org) => Some(AccessedOrganization { client: client_id(&org.client)?, active: org.active }),
            None => None,
        };
        let client = client_id(&row.client)?;
        facts.accesses.push(OrgAccess { org: row.org, client, active: row.active, organization });
    }
    for client in facts.needs_organizations_of(current_client) {
        let organizations = reader.organizations_of_client(client.as_str()).await?;
        facts.organizations.extend(organizations.into_iter().map(|organization| ClientOrganization {
            id: organization.id,
            client,
            active: organization.active,
        }));
    }
    Ok(facts)
}

/// A client's id as it stands in the database.
pub(crate) fn client_id(id: &str) -> Result<ClientId, Problem> {
    ClientId::new(id).map_err(|error| Problem::damaged_rows(&error))
}
