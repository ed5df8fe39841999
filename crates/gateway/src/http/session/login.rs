//! `POST /v1/login`: creates a session from a user name and a password.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::Deserialize;
use session::{RoleId, UserId};
use session_axum::Problem;
use tracing::Instrument;

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::login::password::MAX_PASSWORD_BYTES;
use crate::http::middleware::client_address::Peer;
use crate::http::middleware::request_id::RequestId;
use crate::http::session::grant::{RequestedLogin, VerifiedUser};
use crate::http::session::login_refusal::{too_many, wrong_credential};
use crate::http::session::odoo;
use crate::http::wire::json_body::{JsonBody, JsonId};
use crate::http::wire::problem::{OrUnavailable, unprocessable};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct LoginForm {
    user: String,
    #[schemars(length(max = MAX_PASSWORD_BYTES), extend("format" = "password"))]
    password: String,
    role: Option<JsonId<RoleId>>,
    org: Option<JsonId<OrgId>>,
    /// Return the token in a cookie instead of the body.
    #[serde(default)]
    cookie: bool,
}

pub(crate) async fn login(
    State(gateway): State<Gateway>,
    peer: Peer,
    JsonBody(form): JsonBody<LoginForm>,
) -> Result<Response, Problem> {
    // Refuse malformed requests first. That reveals nothing about users.
    let requested = RequestedLogin { role: form.role, org: form.org, by_cookie: form.cookie };
    if form.password.len() > MAX_PASSWORD_BYTES {
        let detail = format!("a password has at most {MAX_PASSWORD_BYTES} bytes");
        return Err(unprocessable(detail).with_field("password"));
    }
    let attempt = gateway.inner.attempts.begin(&form.user, peer.network()).await;
    let attempt = attempt.map_err(|wait| too_many(&gateway, wait))?;
    // A separate task, so that the attempt is counted even if the client disconnects.
    let (checking, user) = (gateway.clone(), form.user.clone());
    let check = async move {
        let found = authenticate(&checking, &user, form.password).await;
        match &found {
            Ok(_) => checking.inner.attempts.succeed(attempt),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                checking.inner.attempts.fail(attempt);
            }
            // The credential was correct, or could not be verified.
            Err(_) => drop(attempt),
        }
        found
    };
    let check = tokio::spawn(RequestId::propagate(check).in_current_span());
    let user = check.await.or_unavailable()??;
    requested.create_session(&gateway, peer, user, &form.user).await
}

/// Verifies a user name and a password. All wrong ones get the same answer, after the same amount of work.
async fn authenticate(gateway: &Gateway, name: &str, password: String) -> Result<VerifiedUser, Problem> {
    let inner = &gateway.inner;
    let reader = match &inner.backend {
        Backend::Database(reader) => reader,
        Backend::Odoo(source) => return odoo::authenticate(gateway, source, name, password).await,
        Backend::Absent => return Err(wrong_credential(gateway, name, "there are no users")),
    };
    let found = reader.user_named(name).await.or_unavailable()?;
    let user = found.map(|user| user.id);
    // For an unknown user run the same queries, so that the time does not reveal that it is unknown.
    let lookup_id = user.unwrap_or(UserId::ZERO);
    let hash = inner.credentials.password_hash(&lookup_id).await.or_unavailable()?;
    let hash = hash.filter(|_| user.is_some());
    // Read the ERP's hash for every user, so that the time is the same, but use it only without our own.
    let erp_hash = match inner.settings.erp_passwords {
        true => reader.password_hash(lookup_id).await.or_unavailable()?,
        false => None,
    };
    let erp_hash = match (user, erp_hash) {
        (Some(user), Some(stored)) if hash.is_none() => inner.erp_hashes.read(user, &stored),
        _ => None,
    };
    let has_password = hash.is_some() || erp_hash.is_some();
    let matches = inner.passwords.check(hash, erp_hash, password).await.map_err(|_| {
        tracing::warn!("refused a login: too many are being checked");
        Problem::unavailable("too many logins are being checked")
    })?;
    match user.filter(|_| matches) {
        Some(id) => Ok(VerifiedUser { id, written: None }),
        None => {
            let reason = match (user, has_password) {
                (None, _) => "no such user",
                (_, false) => "the user has no password",
                _ => "wrong password",
            };
            Err(wrong_credential(gateway, name, reason))
        }
    }
}
