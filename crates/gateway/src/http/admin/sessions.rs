//! `GET /v1/admin/sessions`, `DELETE /v1/admin/sessions/{id}`, `POST /v1/admin/sessions/end`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use erp_db::Directory;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::{ClientId, RoleId, Scope, SessionId, StoredSession, UserId};
use session_axum::Problem;

use super::PathId;
use crate::http::gateway::Gateway;
use crate::http::openapi::{ErpId, Hex};
use crate::http::session::Footprint;
use crate::http::session::administrator::Administrator;
use crate::http::session::end::End;
use crate::http::wire::json_body::{Input, id};
use crate::http::wire::problem::away;
use crate::http::wire::problem::unprocessable;
use crate::http::wire::query_string::Search;

/// The most sessions of one page.
pub(crate) const MAX_PAGE: usize = 1_000;

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Sessions {
    sessions: Vec<Listed>,
    #[schemars(with = "Option<Hex>")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedSession")]
struct Listed {
    #[schemars(with = "Hex")]
    id: String,
    user: String,
    username: Option<String>,
    role: String,
    role_name: Option<String>,
    client: String,
    org: String,
    org_name: Option<String>,
    age_seconds: u64,
    idle_seconds: u64,
    #[schemars(with = "Hex")]
    tree: String,
    /// Bytes that it takes in the process that answers; null where that does not hold it.
    footprint: Option<Footprint>,
}

impl Listed {
    fn of(gateway: &Gateway, stored: StoredSession, named: &Named) -> Self {
        let StoredSession { record, age, idle } = stored;
        let directory = named.directories.get(&record.client);
        Listed {
            id: record.id.to_string(),
            user: record.user.to_string(),
            username: named.users.get(record.user.as_str()).cloned(),
            role: record.role.to_string(),
            role_name: named.roles.get(record.role.as_str()).cloned(),
            client: record.client.to_string(),
            org: record.org.to_string(),
            org_name: directory
                .and_then(|directory| directory.get(record.org.as_str()))
                .map(|entry| entry.name.clone()),
            age_seconds: age.as_secs(),
            idle_seconds: idle.as_secs(),
            tree: record.tree.to_string(),
            footprint: gateway.manager().footprint_of(record.id).map(Footprint::from),
        }
    }
}

/// What people call all that a page is about: one question for the users and one for the roles, however many
/// there are.
struct Named {
    users: BTreeMap<String, String>,
    roles: BTreeMap<String, String>,
    directories: BTreeMap<ClientId, Arc<Directory>>,
}

impl Named {
    async fn of(gateway: &Gateway, sessions: &[StoredSession]) -> Self {
        let names = &gateway.inner.names;
        let records = || sessions.iter().map(|stored| &stored.record);
        let clients: BTreeSet<ClientId> = records().map(|record| record.client).collect();
        let directories = clients.into_iter().map(async |client| (client, names.directory(client).await));
        let (users, roles, directories) = tokio::join!(
            names.users(records().map(|record| record.user).collect()),
            names.roles(records().map(|record| record.role).collect()),
            join_all(directories),
        );
        Named { users, roles, directories: directories.into_iter().collect() }
    }
}

pub(crate) async fn list(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    mut search: Search,
) -> Result<Json<Sessions>, Problem> {
    let (user, role): (Option<UserId>, Option<RoleId>) = (search.id("user")?, search.id("role")?);
    let client = administrator.client(search.id("client")?)?;
    let after = session_id("after", search.take("after")?.as_deref())?;
    let limit = search.limit(100, MAX_PAGE)?;
    search.done()?;
    let scope = match (user, role) {
        (Some(user), _) => Scope::User(client, user),
        (None, Some(role)) => Scope::Role(client, role),
        (None, None) => Scope::Client(client),
    };
    let mut found = gateway.manager().list(scope, after, limit).await.map_err(|error| away(&error))?;
    // A full page may be followed by another one. With user and role, pages may hold fewer than asked for.
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.record.id.to_string());
    found.retain(|stored| role.is_none_or(|role| stored.record.role == role));
    let named = Named::of(&gateway, &found).await;
    let sessions = found.into_iter().map(|stored| Listed::of(&gateway, stored, &named)).collect();
    Ok(Json(Sessions { sessions, next }))
}

fn session_id(field: &'static str, text: Option<&str>) -> Result<Option<SessionId>, Problem> {
    let parse = |text: &str| {
        text.parse().map_err(|_| unprocessable("it is not the name of a session").with_field(field))
    };
    text.map(parse).transpose()
}

pub(crate) async fn end_one(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    PathId(name): PathId,
) -> Result<End, Problem> {
    let id = session_id("id", Some(&name))?.ok_or_else(unknown)?;
    let manager = gateway.manager();
    // What is held here can be ended while the store is away.
    let client = match manager.held_record(id) {
        Some(record) => Some(record.client),
        None => {
            let found = manager.list(Scope::Session(id), None, 1).await.map_err(|error| away(&error))?;
            found.first().map(|stored| stored.record.client)
        }
    };
    // Another client's session is as unknown as one that never was.
    if !client.is_some_and(|client| administrator.may_see(client)) {
        return Err(unknown());
    }
    tracing::info!(by = %administrator.session.user(), session = %name, "an administrator ends a session");
    let end = end(&gateway, Scope::Session(id)).await;
    if end.found_none() { Err(unknown()) } else { Ok(end) }
}

/// Ends sessions. A store that takes longer than the client would wait has not been told.
async fn end(gateway: &Gateway, scope: Scope) -> End {
    let manager = gateway.manager();
    let held = manager.count_held(&scope);
    match tokio::time::timeout(gateway.settings().answer_within / 2, manager.end(scope)).await {
        Ok(ended) => ended.into(),
        Err(error) => End::pending(u64::try_from(held).unwrap_or(u64::MAX), &error),
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_session")
        .with_detail("there is no such session")
        .with_field("id")
}

/// A user or a role, of one's own client or of the one named; or all of a client.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `user`, `role` or `client`")]
pub(crate) struct EndForm {
    #[schemars(with = "Option<ErpId>")]
    user: Option<String>,
    #[schemars(with = "Option<ErpId>")]
    role: Option<String>,
    #[schemars(with = "Option<ErpId>")]
    client: Option<String>,
}

pub(crate) async fn end_many(
    State(gateway): State<Gateway>,
    administrator: Administrator,
    Input(form): Input<EndForm>,
) -> Result<End, Problem> {
    let (user, role) = (id("user", form.user.as_deref())?, id("role", form.role.as_deref())?);
    let named = id("client", form.client.as_deref())?;
    let client = administrator.client(named)?;
    let scope = match (user, role, named) {
        (Some(user), None, _) => Scope::User(client, user),
        (None, Some(role), _) => Scope::Role(client, role),
        (None, None, Some(client)) => Scope::Client(client),
        (Some(_), Some(_), _) => {
            return Err(unprocessable("name a user or a role, not both").with_field("role"));
        }
        (None, None, None) => return Err(unprocessable("name a user, a role or a client")),
    };
    tracing::info!(by = %administrator.session.user(), ?scope, "an administrator ends sessions");
    Ok(end(&gateway, scope).await)
}
