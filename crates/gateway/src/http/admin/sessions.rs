//! `GET /v1/admin/sessions`, `DELETE /v1/admin/sessions/{id}`, `POST /v1/admin/sessions/end`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use erp_db::Directory;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::{ClientId, Lifetime, RoleId, Scope, SessionId, StoredSession, UserId};
use session_axum::Problem;

use super::PathId;
use crate::http::gateway::Gateway;
use crate::http::openapi::Hex;
use crate::http::session::Footprint;
use crate::http::session::administrator::Administrator;
use crate::http::session::end::EndOutcome;
use crate::http::wire::json_body::{Id, JsonBody, JsonId};
use crate::http::wire::problem::{OrUnavailable, not_found, unprocessable};
use crate::http::wire::query_string::QueryParameters;

/// The maximum number of sessions per page.
pub(crate) const MAX_PAGE: usize = 1_000;

/// The maximum number of sessions that one request searches for a text.
const MAX_SEARCHED: usize = 5_000;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Sessions {
    sessions: Vec<ListedSession>,
    #[schemars(with = "Option<Hex>")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ListedSession {
    #[schemars(with = "Hex")]
    id: String,
    user: String,
    username: Option<String>,
    role: String,
    role_name: Option<String>,
    client: String,
    client_name: Option<String>,
    org: String,
    org_name: Option<String>,
    age_seconds: u64,
    idle_seconds: u64,
    /// The time until it expires if it is not used again.
    expires_in_seconds: u64,
    /// The client address of its login, `127.0.0.1` over a Unix socket. Null if the session was created by
    /// another instance or before a restart.
    #[schemars(with = "Option<String>")]
    address: Option<IpAddr>,
    #[schemars(with = "Hex")]
    tree: String,
    /// Bytes that it takes on this instance. Null if it is not cached here.
    footprint: Option<Footprint>,
}

impl ListedSession {
    fn from_stored(gateway: &Gateway, stored: StoredSession, names: &NameTables) -> Self {
        let StoredSession { record, age, idle } = stored;
        let directory = names.directories.get(&record.client);
        ListedSession {
            id: record.id.to_string(),
            user: record.user.to_string(),
            username: names.users.get(&record.user).cloned(),
            role: record.role.to_string(),
            role_name: names.roles.get(&record.role).cloned(),
            client: record.client.to_string(),
            client_name: names.clients.get(record.client.as_str()).cloned(),
            org: record.org.to_string(),
            org_name: directory
                .and_then(|directory| directory.get(record.org.as_str()))
                .map(|entry| entry.name.clone()),
            age_seconds: age.as_secs(),
            idle_seconds: idle.as_secs(),
            expires_in_seconds: expires_in(&record.lifetime, age, idle).as_secs(),
            address: gateway.inner.login_history.address(record.id),
            tree: record.tree.to_string(),
            footprint: gateway.manager().footprint_of(record.id).map(Footprint::from),
        }
    }

    /// Whether a name, an id or the address contains a text. The text must be in lower case.
    fn contains(&self, text: &str) -> bool {
        let names = [&self.username, &self.role_name, &self.org_name].into_iter().flatten();
        let ids = [&self.id, &self.user, &self.role, &self.org, &self.tree];
        let address = self.address.map(|address| address.to_string());
        names.chain(ids).chain(&address).any(|one| one.to_lowercase().contains(text))
    }
}

/// The time until a session expires if it is not used again.
fn expires_in(lifetime: &Lifetime, age: Duration, idle: Duration) -> Duration {
    lifetime.absolute().saturating_sub(age).min(lifetime.idle().saturating_sub(idle))
}

/// The names for a page of sessions, read by one query for all users and one for all roles.
struct NameTables {
    users: BTreeMap<UserId, String>,
    roles: BTreeMap<RoleId, String>,
    directories: BTreeMap<ClientId, Arc<Directory>>,
    clients: Arc<BTreeMap<String, String>>,
}

impl NameTables {
    async fn for_sessions(gateway: &Gateway, sessions: &[StoredSession]) -> Self {
        let names = &gateway.inner.names;
        let records = || sessions.iter().map(|stored| &stored.record);
        let clients: BTreeSet<ClientId> = records().map(|record| record.client).collect();
        let directories = clients.into_iter().map(async |client| (client, names.directory(client).await));
        let (users, roles, directories, clients) = tokio::join!(
            names.users(records().map(|record| record.user).collect()),
            names.roles(records().map(|record| record.role).collect()),
            join_all(directories),
            names.clients(),
        );
        let (directories, clients) = (directories.into_iter().collect(), clients.unwrap_or_default());
        NameTables { users, roles, directories, clients }
    }
}

pub(crate) async fn list(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    mut parameters: QueryParameters,
) -> Result<Json<Sessions>, Problem> {
    let (user, role): (Option<UserId>, Option<RoleId>) = (parameters.id("user")?, parameters.id("role")?);
    let client = administrator.client(parameters.id("client")?)?;
    let mut after: Option<SessionId> = parameters.id("after")?;
    let text =
        parameters.take("text")?.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let limit = parameters.limit(100, MAX_PAGE)?;
    parameters.done()?;
    let scope = match (user, role) {
        (Some(user), _) => Scope::User(client, user),
        (None, Some(role)) => Scope::Role(client, role),
        (None, None) => Scope::Client(client),
    };
    let at_once = if text.is_some() { MAX_PAGE } else { limit };
    let (mut sessions, mut searched) = (Vec::new(), 0);
    loop {
        let mut found = gateway.manager().list(scope, after, at_once).await.or_unavailable()?;
        // Only a full page may be followed by another one. The filter by user and role may leave fewer
        // sessions on the page than the limit.
        let next = found.last().filter(|_| found.len() == at_once).map(|last| last.record.id);
        searched += found.len();
        found.retain(|stored| role.is_none_or(|role| stored.record.role == role));
        let names = NameTables::for_sessions(&gateway, &found).await;
        for stored in found {
            let id = stored.record.id;
            let listed = ListedSession::from_stored(&gateway, stored, &names);
            if text.as_ref().is_none_or(|text| listed.contains(text)) {
                sessions.push(listed);
            }
            if text.is_some() && sessions.len() == limit {
                return Ok(Json(Sessions { sessions, next: Some(id.to_string()) }));
            }
        }
        if next.is_none() || text.is_none() || searched >= MAX_SEARCHED {
            return Ok(Json(Sessions { sessions, next: next.map(|next| next.to_string()) }));
        }
        after = next;
    }
}

impl Id for SessionId {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "it is not the id of a session".to_owned())
    }
}

pub(crate) async fn end_one(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    PathId(name): PathId,
) -> Result<EndOutcome, Problem> {
    let id = SessionId::parse(&name).map_err(|error| unprocessable(error).with_field("id"))?;
    let manager = gateway.manager();
    // A cached session can be ended while the store does not answer.
    let client = match manager.held_record(id) {
        Some(record) => Some(record.client),
        None => {
            let found = manager.list(Scope::Session(id), None, 1).await.or_unavailable()?;
            found.first().map(|stored| stored.record.client)
        }
    };
    // Sessions of other clients look unknown.
    if !client.is_some_and(|client| administrator.may_see(client)) {
        return Err(unknown_session());
    }
    tracing::info!(by = %administrator.session.user(), session = %name, "an administrator ends a session");
    let end = end_sessions(&gateway, Scope::Session(id)).await;
    if end.found_none() { Err(unknown_session()) } else { Ok(end) }
}

/// Ends sessions. If the store does not answer in time, the revocation is pending.
async fn end_sessions(gateway: &Gateway, scope: Scope) -> EndOutcome {
    let manager = gateway.manager();
    let held = manager.count_held(scope);
    match tokio::time::timeout(gateway.settings().answer_within / 2, manager.end(scope)).await {
        Ok(ended) => ended.into(),
        Err(error) => EndOutcome::pending(u64::try_from(held).unwrap_or(u64::MAX), &error),
    }
}

fn unknown_session() -> Problem {
    not_found("unknown_session", "there is no such session").with_field("id")
}

/// The sessions of a user or a role, by default in the administrator's client; or all sessions of a client.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `user`, `role` or `client`")]
pub(crate) struct EndForm {
    user: Option<JsonId<UserId>>,
    role: Option<JsonId<RoleId>>,
    client: Option<JsonId<ClientId>>,
}

pub(crate) async fn end_many(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    JsonBody(EndForm { user, role, client: named }): JsonBody<EndForm>,
) -> Result<EndOutcome, Problem> {
    let client = administrator.client(named.map(|JsonId(client)| client))?;
    let scope = match (user, role, named) {
        (Some(JsonId(user)), None, _) => Scope::User(client, user),
        (None, Some(JsonId(role)), _) => Scope::Role(client, role),
        (None, None, Some(_)) => Scope::Client(client),
        (Some(_), Some(_), _) => {
            return Err(unprocessable("name a user or a role, not both").with_field("role"));
        }
        (None, None, None) => return Err(unprocessable("name a user, a role or a client")),
    };
    tracing::info!(by = %administrator.session.user(), ?scope, "an administrator ends sessions");
    Ok(end_sessions(&gateway, scope).await)
}
