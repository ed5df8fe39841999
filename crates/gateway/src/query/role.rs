//! Reading a role with everything that decides about its access.

use session::openbravo::{AccessedOrganization, ClientOrganization, OrgAccess, RoleFacts};
use session::{ClientId, RoleId, UserLevel};

use super::erp::Erp;
use super::problem::Problem;

/// A role of any client that is known, with the organizations that matter where it works in `current_client`.
///
/// # Errors
/// An unknown role; a database that does not answer, or has what cannot be an id.
pub(crate) async fn read(
    erp: &Erp,
    id: Option<&str>,
    current_client: ClientId,
) -> Result<RoleFacts, Problem> {
    if !erp.knows(current_client.as_str()) {
        return Err(Problem::unknown_client());
    }
    let reader = erp.reader();
    let role = match id {
        Some(id) => reader.role(id).await?,
        None => None,
    };
    // The system's roles work in every client; those of a client that is not known here are not there.
    let role = role.filter(|role| role.client == "0" || erp.knows(&role.client));
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
        if !erp.knows(client.as_str()) {
            continue;
        }
        let organizations = reader.organizations_of_client(client.as_str()).await?;
        facts.organizations.extend(organizations.into_iter().map(|organization| ClientOrganization {
            id: organization.id,
            client,
            active: organization.active,
        }));
    }
    if erp.client().is_some() {
        facts.remove_other_clients();
    }
    Ok(facts)
}

/// A client's id as it stands in the database.
pub(crate) fn client_id(id: &str) -> Result<ClientId, Problem> {
    ClientId::new(id).map_err(|error| Problem::damaged_rows(&error))
}
