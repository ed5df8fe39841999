//! Routes for sessions: login (`login`, `odoo`, `assertion`, `grant`, `login_refusal`), refresh and switch
//! (`switch`), revocation (`end`, `recheck`), and answers. This file has `GET /v1/session`, its footprint and
//! its freshness.

pub(crate) mod administrator;
pub(crate) mod assertion;
pub(crate) mod changes;
pub(crate) mod companies;
pub(crate) mod end;
pub(crate) mod grant;
pub(crate) mod login;
pub(crate) mod login_refusal;
pub(crate) mod odoo;
pub(crate) mod organizations;
pub(crate) mod questions;
pub(crate) mod recheck;
pub(crate) mod switch;
pub(crate) mod tree;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use session::{Session, SessionFootprint};
use session_axum::{Credential, CurrentSession, Problem, csrf_value};

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::openapi::Hex;
use crate::http::wire::problem::OrUnavailable;

/// A session in answers. Its names are current, all other members are pinned.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SessionView {
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
    user_level: String,
    read_only: bool,
    client_admin: bool,
    instance_admin: bool,
    organizations: usize,
    readable: usize,
    writable: usize,
    /// The fingerprint of the tree.
    #[schemars(with = "Hex")]
    tree: String,
    footprint: Footprint,
}

/// Bytes that a session takes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Footprint {
    own: usize,
    organizations: usize,
    access: usize,
    tree: usize,
}

impl From<SessionFootprint> for Footprint {
    fn from(footprint: SessionFootprint) -> Self {
        let SessionFootprint { own, organizations, access, tree, .. } = footprint;
        Footprint { own, organizations, access, tree }
    }
}

impl SessionView {
    pub(crate) async fn read(gateway: &Gateway, session: &Session) -> Self {
        let names = &gateway.inner.names;
        let administers = async {
            match gateway.inner.backend {
                Backend::Odoo(_) => names.is_administrator(session.user(), session.client()).await,
                _ => false,
            }
        };
        let (role, directory, username, client_name, administers) = tokio::join!(
            names.role(session.role()),
            names.directory(session.client()),
            names.user(session.user()),
            names.client(session.client()),
            administers,
        );
        let no_role = || gateway.inner.backend.without_roles().map(str::to_owned);
        SessionView {
            id: session.id().to_string(),
            user: session.user().to_string(),
            username,
            role: session.role().to_string(),
            role_name: role.as_ref().map(|role| role.name.clone()).or_else(no_role),
            client: session.client().to_string(),
            client_name,
            org: session.org().to_string(),
            org_name: directory.get(session.org().as_str()).map(|entry| entry.name.clone()),
            user_level: session.user_level().to_owned(),
            read_only: session.is_read_only(),
            client_admin: administers || role.is_some_and(|role| role.active && role.client_admin),
            instance_admin: gateway.settings().instance_admins.contains(&session.user()),
            organizations: session.tree().len(),
            readable: session.access().readable().len(),
            writable: session.access().writable().len(),
            tree: session.fingerprint().to_string(),
            footprint: session.footprint().into(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct WhoAmI {
    #[serde(flatten)]
    session: SessionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hex")]
    csrf: Option<String>,
}

pub(crate) async fn who_am_i(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
    credential: Credential,
) -> Json<WhoAmI> {
    let csrf = credential.is_by_cookie().then(|| csrf_value(credential.token()));
    Json(WhoAmI { session: SessionView::read(&gateway, &session).await, csrf })
}

pub(crate) async fn footprint(CurrentSession(session): CurrentSession) -> Json<Footprint> {
    Json(session.footprint().into())
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct FreshnessView {
    /// Null if the ERP does not answer within a second, such as while an upgrade locks its tables. Ask again
    /// later.
    current: Option<bool>,
}

pub(crate) async fn freshness(
    State(gateway): State<Gateway>,
    CurrentSession(session): CurrentSession,
) -> Result<Json<FreshnessView>, Problem> {
    let state = gateway.inner.freshness.state(session.client()).await.or_unavailable()?;
    Ok(Json(FreshnessView { current: state.map(|state| state.fingerprint == session.fingerprint()) }))
}
