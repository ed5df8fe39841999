//! Reading a role with everything that decides about its access.

use session::openbravo::RoleFacts;
use session::{ClientId, RoleId};

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
    // What cannot be an id names no role.
    let role = match id.and_then(|id| RoleId::new(id).ok()) {
        Some(id) => erp.role_facts(id, current_client).await?,
        None => None,
    };
    // The system's roles work in every client; those of a client that is not known here are not there.
    let role = role.filter(|role| role.client == ClientId::ZERO || erp.knows(role.client.as_str()));
    let mut role = role.ok_or_else(|| Problem::unknown_role(id))?;
    role.organizations.retain(|organization| erp.knows(organization.client.as_str()));
    if erp.has_one_client() {
        role.remove_other_clients();
    }
    Ok(role)
}

/// A client's id as it stands in the database.
pub(crate) fn client_id(id: &str) -> Result<ClientId, Problem> {
    ClientId::new(id).map_err(|error| Problem::damaged_rows(&error))
}
