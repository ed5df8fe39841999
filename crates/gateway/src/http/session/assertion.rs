//! `POST /v1/login/assertion`: creates a session from a signed assertion of a trusted front end.

use axum::extract::State;
use axum::response::Response;
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::Deserialize;
use session::RoleId;
use session_axum::Problem;

use crate::http::gateway::Gateway;
use crate::http::login::assertion::{AssertionRefusal, MAX_ASSERTION_BYTES};
use crate::http::middleware::client_address::Peer;
use crate::http::session::grant::{RequestedLogin, VerifiedUser};
use crate::http::session::login_refusal::too_many;
use crate::http::wire::json_body::{JsonBody, JsonId};
use crate::http::wire::problem::{OrUnavailable, not_found, unprocessable};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `assertion`")]
pub(crate) struct AssertionForm {
    /// A JSON web token.
    #[schemars(length(max = MAX_ASSERTION_BYTES))]
    assertion: String,
    role: Option<JsonId<RoleId>>,
    org: Option<JsonId<OrgId>>,
    /// Return the token in a cookie instead of the body.
    #[serde(default)]
    cookie: bool,
}

pub(crate) async fn login(
    State(gateway): State<Gateway>,
    peer: Peer,
    JsonBody(form): JsonBody<AssertionForm>,
) -> Result<Response, Problem> {
    let Some(assertions) = &gateway.inner.assertions else {
        return Err(not_found("no_assertions", "this service accepts no assertions"));
    };
    let requested = RequestedLogin { role: form.role, org: form.org, by_cookie: form.cookie };
    if form.assertion.len() > MAX_ASSERTION_BYTES {
        let detail = format!("an assertion has at most {MAX_ASSERTION_BYTES} bytes");
        return Err(unprocessable(detail).with_field("assertion"));
    }
    // All users of a front end share one address, so failures from it must not limit valid assertions. Verify
    // the signature before the limit, which costs no more than a refusal.
    let failed = |reason| match gateway.inner.attempts.fail_without_user(peer.network()) {
        Ok(()) => refuse(&gateway, reason),
        Err(wait) => too_many(&gateway, wait),
    };
    let claims = assertions.verify(&form.assertion).map_err(failed)?;
    if !assertions.use_up(&claims).await.or_unavailable()? {
        // A replay: the assertion was stolen, or the front end sent it twice.
        return Err(failed(AssertionRefusal::Used));
    }
    let found = gateway.inner.backend.user_named(&claims.user).await.or_unavailable()?;
    let user = found.map(|user| VerifiedUser { id: user.id, written: user.written });
    let user = user.ok_or_else(|| refuse(&gateway, AssertionRefusal::UnknownUser))?;
    requested.create_session(&gateway, peer, user, &claims.user).await
}

/// The answer to every assertion that is not accepted. Only the log contains the reason.
fn refuse(gateway: &Gateway, reason: AssertionRefusal) -> Problem {
    gateway.inner.metrics.login_failed();
    tracing::info!(%reason, "assertion refused");
    Problem::unauthorized().with_detail("the assertion is not accepted")
}
