//! `RequestedLogin`: creates a session for an authenticated user, and the answer with its token.

use std::time::SystemTime;

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use org_structure::OrgId;
use schemars::JsonSchema;
use serde::Serialize;
use session::{Login, Principal, RoleId, UserId};
use session_axum::{Problem, csrf_value};

use crate::http::gateway::Gateway;
use crate::http::login::baseline::Baseline;
use crate::http::middleware::client_address::Peer;
use crate::http::openapi::Hex;
use crate::http::session::SessionView;
use crate::http::session::login_refusal::login_refusal;
use crate::http::wire::json_body::JsonId;

/// A user with a verified credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerifiedUser {
    pub(crate) id: UserId,
    /// When Odoo's record of the user was last written, read before the credential was verified.
    pub(crate) written: Option<SystemTime>,
}

/// The options of a login: a role and an organization other than the user's defaults, and whether to return
/// the token in a cookie.
pub(crate) struct RequestedLogin {
    pub(crate) role: Option<JsonId<RoleId>>,
    pub(crate) org: Option<JsonId<OrgId>>,
    pub(crate) by_cookie: bool,
}

impl RequestedLogin {
    /// Creates a session for an authenticated user with the given login name.
    pub(crate) async fn create_session(
        self,
        gateway: &Gateway,
        peer: Peer,
        user: VerifiedUser,
        name: &str,
    ) -> Result<Response, Problem> {
        let mut principal = Principal::new(user.id);
        principal.role = self.role.map(|JsonId(role)| role);
        principal.org = self.org.map(|JsonId(org)| org);
        let logged_in = gateway.manager().login(principal).await.map_err(|error| login_refusal(&error))?;
        gateway.inner.login_history.record_login(logged_in.session.client());
        if let Some(written) = user.written {
            // Later user checks compare the user's record with this.
            gateway.inner.baselines.note(logged_in.session.id(), Baseline::Written(written));
        }
        // Cache the name, so that the answer need not read it again.
        gateway.inner.names.remember_user(user.id, name);
        Ok(session_response(gateway, peer, &logged_in, self.by_cookie).await)
    }
}

/// A session with its token or CSRF value.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Login")]
pub(crate) struct LoginAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hex")]
    token: Option<String>,
    /// Present if the token is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hex")]
    csrf: Option<String>,
    session: SessionView,
}

/// The answer to a login. The token goes into the body or into a cookie, never into both.
pub(crate) async fn session_response(
    gateway: &Gateway,
    peer: Peer,
    logged_in: &Login,
    by_cookie: bool,
) -> Response {
    gateway.inner.login_history.record_address(logged_in.session.id(), peer.address);
    let token = logged_in.token.expose();
    let session = SessionView::read(gateway, &logged_in.session).await;
    if !by_cookie {
        return Json(LoginAnswer { token: Some(token), csrf: None, session }).into_response();
    }
    let csrf = Some(csrf_value(&logged_in.token));
    let mut response = Json(LoginAnswer { token: None, csrf, session }).into_response();
    let seconds = gateway.manager().options().absolute.as_secs();
    set_cookie(gateway, &mut response, &token, seconds);
    response
}

/// Sets the cookie for a number of seconds. 0 removes it.
pub(crate) fn set_cookie(gateway: &Gateway, response: &mut Response, token: &str, seconds: u64) {
    let name = gateway.settings().cookie();
    let secure = if gateway.settings().secure { "; Secure" } else { "" };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    // Hexadecimal digits and fixed attributes always form a valid header value.
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}
