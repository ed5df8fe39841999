//! `GET /v1/admin/organizations/{id}/roles`: the roles that may read or write an organization.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use session::RoleId;
use session::openbravo::AccessOptions;
use session_axum::Problem;

use super::PathId;
use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::session::administrator::Administrator;
use crate::http::wire::problem::{OrUnavailable, not_found};
use crate::http::wire::query_string::QueryParameters;

/// The maximum number of roles that are examined for one page.
pub(crate) const MAX_PAGE: usize = 100;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Roles {
    roles: Vec<RoleOnOrganization>,
    /// Roles of this page with unreadable rows. No user can log in with them.
    damaged: Vec<DamagedRoleView>,
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct RoleOnOrganization {
    id: String,
    name: String,
    readable: bool,
    writable: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct DamagedRoleView {
    /// Null if it cannot be read.
    id: Option<String>,
    damage: String,
}

/// Applies the current roles to the session's pinned tree. While that tree is current, a login now would get
/// the same access.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    PathId(org): PathId,
    mut parameters: QueryParameters,
) -> Result<Json<Roles>, Problem> {
    let after = parameters.id::<RoleId>("after")?;
    let limit = parameters.limit(MAX_PAGE, MAX_PAGE)?;
    parameters.done()?;
    let session = &administrator.session;
    // Organizations of other clients look unknown.
    if session.tree().index_of(&org).is_none() {
        return Err(not_found("unknown_org", "there is no such organization in the tree").with_field("id"));
    }
    let Backend::Database(reader) = &gateway.inner.backend else {
        // Odoo has no roles.
        return Ok(Json(Roles { roles: Vec::new(), damaged: Vec::new(), next: None }));
    };
    let mut found = reader.roles_of_client(session.client(), after, limit).await.or_unavailable()?;
    let next = found.next.map(|role| role.to_string());
    let damaged = found.damaged.into_iter().map(|role| DamagedRoleView {
        damage: format!("column `{}`: {}", role.column, role.cause),
        id: Some(role.id).filter(|id| !id.is_empty()),
    });
    let options = AccessOptions {
        automatic_roles: gateway.manager().options().automatic_roles,
        ..AccessOptions::default()
    };
    let mut roles = Vec::new();
    for mut role in found.roles.into_iter().filter(|role| role.facts.active) {
        // As at login, ignore access rows of other clients.
        role.facts.remove_other_clients();
        role.facts.organizations = std::mem::take(&mut found.organizations);
        let access = role.facts.access(session.tree(), &options);
        found.organizations = std::mem::take(&mut role.facts.organizations);
        let readable = access.readable().contains(session.tree(), &org);
        let writable = access.writable().contains(session.tree(), &org);
        if readable || writable {
            roles.push(RoleOnOrganization {
                id: role.facts.id.to_string(),
                name: role.name,
                readable,
                writable,
            });
        }
        // Roles may have many organizations, so let other requests run.
        tokio::task::yield_now().await;
    }
    Ok(Json(Roles { roles, damaged: damaged.collect(), next }))
}
