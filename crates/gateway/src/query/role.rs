//! Reading a role with everything that decides about its access.

use session::openbravo::RoleFacts;
use session::{ClientId, RoleId};

use super::erp::Erp;
use super::problem::Problem;

/// A role, with the organizations that matter where it works in `current_client`. Odoo has no roles.
///
/// # Errors
/// An unknown role; a database that does not answer, or has what cannot be an id.
pub(crate) async fn read(
    erp: &impl Erp,
    id: Option<&str>,
    current_client: ClientId,
) -> Result<RoleFacts, Problem> {
    if !erp.covers(current_client.as_str()) {
        return Err(Problem::unknown_client());
    }
    // What cannot be an id names no role.
    let role = match (erp.reader(), id.and_then(|id| RoleId::new(id).ok())) {
        (Some(reader), Some(id)) => reader.role_facts(id, current_client).await?,
        _ => None,
    };
    role.and_then(|role| erp.restrict(role)).ok_or_else(|| Problem::unknown_role(id))
}
