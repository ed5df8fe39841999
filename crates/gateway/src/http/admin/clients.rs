//! `GET /v1/admin/clients`: the clients that an administrator may see.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::trees::visible_trees;
use crate::http::gateway::Gateway;
use crate::http::session::administrator::Administrator;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Clients {
    clients: Vec<Client>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Client {
    id: String,
    /// Null if it cannot be read.
    name: Option<String>,
    /// The number of its sessions that this instance has cached.
    sessions: usize,
}

pub(crate) async fn list(State(gateway): State<Gateway>, administrator: Administrator) -> Json<Clients> {
    let own = administrator.session.client();
    let mut sessions = BTreeMap::from([(own.to_string(), 0)]);
    for tree in visible_trees(&gateway, &administrator, None) {
        *sessions.entry(tree.client.to_string()).or_default() += tree.sessions;
    }
    let names = gateway.inner.names.clients().await.unwrap_or_default();
    if administrator.of_instance {
        for client in names.keys() {
            sessions.entry(client.clone()).or_default();
        }
    }
    let client = |(id, sessions): (String, usize)| Client { name: names.get(&id).cloned(), id, sessions };
    let mut clients: Vec<Client> = sessions.into_iter().map(client).collect();
    clients.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Json(Clients { clients })
}
