//! The organizations that a session may read and write (`GET /v1/session/readable`, `/writable`,
//! `/sql-filter`), and the roles that its user may switch to.

use axum::Json;
use axum::extract::State;
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::Serialize;
use session::OrgSelection;
use session_axum::{CurrentSession, Problem};

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::wire::problem::OrUnavailable;

/// The maximum number of listed roles.
const MAX_ROLES: usize = 1_000;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Organizations {
    #[schemars(with = "Vec<String>")]
    organizations: Vec<OrgId>,
}

pub(crate) async fn readable(CurrentSession(session): CurrentSession) -> Json<Organizations> {
    Json(Organizations { organizations: ids(&session, session.access().readable()) })
}

pub(crate) async fn writable(CurrentSession(session): CurrentSession) -> Json<Organizations> {
    Json(Organizations { organizations: ids(&session, session.access().writable()) })
}

fn ids(session: &session::Session, selection: &OrgSelection) -> Vec<OrgId> {
    selection.ids(session.tree()).collect()
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct SqlFilter {
    ids: Vec<String>,
    quoted: String,
}

pub(crate) async fn sql_filter(CurrentSession(session): CurrentSession) -> Json<SqlFilter> {
    Json(SqlFilter { ids: session.readable_sql_ids(), quoted: session.accessible_org_tree() })
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Roles {
    roles: Vec<RoleName>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct RoleName {
    id: String,
    name: String,
}

/// The current active roles of the session's client that its user may take.
pub(crate) async fn roles(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
) -> Result<Json<Roles>, Problem> {
    let Backend::Database(reader) = &gateway.inner.backend else {
        // Odoo has no roles.
        return Ok(Json(Roles { roles: Vec::new() }));
    };
    let given = reader.user_roles(session.user()).await.or_unavailable()?;
    let mut roles = Vec::new();
    for row in given.iter().filter(|row| row.active).take(MAX_ROLES) {
        let role = reader.role(row.role).await.or_unavailable()?;
        let role = role.filter(|role| role.active && role.client == session.client());
        roles.extend(role.map(|role| RoleName { id: role.id.to_string(), name: role.name }));
    }
    roles.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(Json(Roles { roles }))
}
