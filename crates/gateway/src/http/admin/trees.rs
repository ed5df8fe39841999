//! `GET /v1/admin/trees`: the trees that sessions of this instance hold, and how many hold each.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use session::HeldTree;
use session_axum::Problem;

use super::Administrator;
use crate::http::gateway::Gateway;
use crate::http::login::away;

#[derive(Serialize)]
pub(crate) struct Trees {
    trees: Vec<Generation>,
}

#[derive(Serialize)]
struct Generation {
    fingerprint: String,
    client: String,
    client_name: Option<String>,
    organizations: usize,
    bytes: usize,
    sessions: usize,
    /// Is it the client's tree as it is now?
    current: bool,
}

pub(crate) async fn list(
    State(gateway): State<Gateway>,
    administrator: Administrator,
) -> Result<Json<Trees>, Problem> {
    let mut trees = Vec::new();
    for held in visible(&gateway, &administrator) {
        let current = gateway.inner.freshness.current(held.client).await.map_err(|error| away(&error))?;
        trees.push(Generation {
            fingerprint: held.fingerprint.to_string(),
            client: held.client.to_string(),
            client_name: gateway.inner.names.client(held.client).await,
            organizations: held.structure.len(),
            bytes: held.bytes,
            sessions: held.sessions,
            current: held.fingerprint == current,
        });
    }
    Ok(Json(Trees { trees }))
}

/// The trees that an administrator may see, ordered by client, then fingerprint.
pub(super) fn visible(gateway: &Gateway, administrator: &Administrator) -> Vec<HeldTree> {
    let mut held = gateway.manager().held_trees();
    held.retain(|tree| administrator.may_see(tree.client));
    held
}
