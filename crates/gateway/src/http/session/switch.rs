//! `POST /v1/session/refresh`, `/role`, `/org`, which replace a session by another, and `POST /v1/logout`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::Deserialize;
use session::{Login, LoginError, RoleId};
use session_axum::{Credential, Problem, refusal};

use crate::backend::Backend;
use crate::http::gateway::Gateway;
use crate::http::login::baseline::Baseline;
use crate::http::middleware::client_address::Peer;
use crate::http::session::end::EndOutcome;
use crate::http::session::grant::{session_response, set_cookie};
use crate::http::session::login_refusal::login_refusal;
use crate::http::wire::json_body::{JsonBody, JsonId};

pub(crate) async fn refresh(
    State(gateway): State<Gateway>,
    peer: Peer,
    credential: Credential,
) -> Result<Response, Problem> {
    let renewed = gateway.manager().refresh(credential.token());
    replace_token(&gateway, peer, &credential, renewed).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct RoleForm {
    role: JsonId<RoleId>,
    org: Option<JsonId<OrgId>>,
}

pub(crate) async fn role(
    State(gateway): State<Gateway>,
    peer: Peer,
    credential: Credential,
    JsonBody(form): JsonBody<RoleForm>,
) -> Result<Response, Problem> {
    let org = form.org.map(|JsonId(org)| org);
    let switched = gateway.manager().switch_role(credential.token(), form.role.0, org);
    replace_token(&gateway, peer, &credential, switched).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct OrgForm {
    org: JsonId<OrgId>,
}

pub(crate) async fn org(
    State(gateway): State<Gateway>,
    peer: Peer,
    credential: Credential,
    JsonBody(form): JsonBody<OrgForm>,
) -> Result<Response, Problem> {
    let switched = gateway.manager().switch_org(credential.token(), form.org.0);
    replace_token(&gateway, peer, &credential, switched).await
}

/// The baseline of an Odoo session. The session that replaces it inherits the baseline, because no credential
/// is verified again.
async fn baseline(gateway: &Gateway, credential: &Credential) -> Option<Baseline> {
    let Backend::Odoo(_) = &gateway.inner.backend else { return None };
    let session = gateway.manager().session(credential.token()).await.ok()?;
    Some(gateway.inner.baselines.for_session(gateway.manager(), &session))
}

/// Waits for the replacement of a session and answers with its token. `replacement` must not start before it
/// is polled, because the baseline is read first.
async fn replace_token(
    gateway: &Gateway,
    peer: Peer,
    credential: &Credential,
    replacement: impl Future<Output = Result<Login, LoginError>>,
) -> Result<Response, Problem> {
    let before = baseline(gateway, credential).await;
    let logged_in = replacement.await.map_err(|error| login_refusal(&error))?;
    if let Some(before) = before {
        gateway.inner.baselines.note(logged_in.session.id(), before);
    }
    Ok(session_response(gateway, peer, &logged_in, credential.is_by_cookie()).await)
}

pub(crate) async fn logout(
    State(gateway): State<Gateway>,
    credential: Credential,
) -> Result<Response, Problem> {
    let ended = gateway.manager().logout(credential.token()).await.map_err(|error| refusal(&error))?;
    let mut response = match ended.pending {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(_) => EndOutcome::from(ended).into_response(),
    };
    if credential.is_by_cookie() {
        set_cookie(&gateway, &mut response, "", 0);
    }
    Ok(response)
}
