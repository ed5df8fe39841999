//! `POST /v1/login`: from a user's name and password to a session.

pub(crate) mod assertion;
pub(crate) mod attempts;
pub(crate) mod credentials;
pub(crate) mod erp_hash;
pub(crate) mod generations;
pub(crate) mod limiter;
pub(crate) mod password;
pub(crate) mod recheck;

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use org_structure::OrgId;
use platform::text::{NAME_BYTES, shorten};
use serde::{Deserialize, Serialize};
use session::openbravo::Refusal;
use session::{Login, LoginError, Principal, RoleId, UserId};
use session_axum::{Problem, csrf_value, refusal};
use tracing::Instrument;

use crate::http::gateway::Gateway;
use crate::http::login::attempts::TooManyFailures;
use crate::http::login::password::MAX_PASSWORD_BYTES;
use crate::http::middleware::client_address::Peer;
use crate::http::middleware::request_id::RequestId;
use crate::http::session::Shown;
use crate::http::wire::json_body::{Input, id, unprocessable};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct LoginForm {
    user: String,
    password: String,
    role: Option<String>,
    org: Option<String>,
    #[serde(default)]
    cookie: bool,
}

pub(crate) async fn login(
    State(gateway): State<Gateway>,
    peer: Peer,
    Input(form): Input<LoginForm>,
) -> Result<Response, Problem> {
    // What may be wrong whoever asks is said before; it tells nothing about users.
    let wish = Wish::of(form.role.as_deref(), form.org.as_deref(), form.cookie)?;
    if form.password.len() > MAX_PASSWORD_BYTES {
        let detail = format!("a password has at most {MAX_PASSWORD_BYTES} bytes");
        return Err(unprocessable(detail).with_field("password"));
    }
    let attempt = gateway.inner.attempts.begin(&form.user, peer.network()).await;
    let attempt = attempt.map_err(|wait| too_many(&gateway, wait))?;
    // A task of its own finds out whether the attempt fails, also where the client has gone meanwhile.
    let (checking, user) = (gateway.clone(), form.user.clone());
    let check = async move {
        let found = authenticate(&checking, &user, form.password).await;
        match &found {
            Ok(_) => checking.inner.attempts.succeed(attempt),
            Err(problem) if problem.status().is_client_error() => checking.inner.attempts.fail(attempt),
            // A database that does not answer says nothing about the caller.
            Err(_) => drop(attempt),
        }
        found
    };
    let check = tokio::spawn(RequestId::keep(check).in_current_span());
    let user = check.await.map_err(|error| away(&error))??;
    wish.grant(&gateway, user, &form.user).await
}

/// What somebody who logs in wants to be, by whatever proof.
pub(crate) struct Wish {
    role: Option<RoleId>,
    org: Option<OrgId>,
    by_cookie: bool,
}

impl Wish {
    /// A role and an organization, where others than the usual are meant, and a cookie instead of a token.
    pub(crate) fn of(role: Option<&str>, org: Option<&str>, by_cookie: bool) -> Result<Self, Problem> {
        Ok(Wish { role: id("role", role)?, org: id("org", org)?, by_cookie })
    }

    /// Makes a session for a user who was found by this name, and has proven who it is.
    pub(crate) async fn grant(
        self,
        gateway: &Gateway,
        user: UserId,
        name: &str,
    ) -> Result<Response, Problem> {
        let mut principal = Principal::new(user);
        (principal.role, principal.org) = (self.role, self.org);
        let logged_in = gateway.manager().login(principal).await.map_err(|error| login_refusal(&error))?;
        // The answer has the name; it need not be read again.
        gateway.inner.names.note_user(user, name);
        Ok(answer(gateway, &logged_in, self.by_cookie).await)
    }
}

/// The answer to a login that failures refuse.
pub(crate) fn too_many(gateway: &Gateway, TooManyFailures(wait): TooManyFailures) -> Problem {
    gateway.inner.metrics.login_refused_by_limit();
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts")
        .with_detail("too many failed logins")
        .with_retry_after(seconds)
}

/// The user whose name and password these are. One answer for everything that does not fit, after the same
/// work.
async fn authenticate(gateway: &Gateway, name: &str, password: String) -> Result<UserId, Problem> {
    let inner = &gateway.inner;
    let found = inner.reader.user_named(name).await.map_err(|error| away(&error))?;
    let user = found.as_ref().and_then(|user| UserId::new(&user.id).ok());
    // An unknown user has no hash, and costs the same questions.
    let asked = user.unwrap_or(UserId::ZERO);
    let hash = inner.credentials.password_hash(&asked).await.map_err(|error| away(&error))?;
    let hash = hash.filter(|_| user.is_some());
    // It is read for every user, whose password here goes before it.
    let erp_hash = match inner.settings.erp_passwords {
        true => inner.reader.password_hash(asked.as_str()).await.map_err(|error| away(&error))?,
        false => None,
    };
    let erp_hash = match (user, erp_hash) {
        (Some(user), Some(stored)) if hash.is_none() => inner.erp_hashes.read(user, &stored),
        _ => None,
    };
    let has_password = hash.is_some() || erp_hash.is_some();
    let fits = inner.passwords.check(hash, erp_hash, password).await.map_err(|_| {
        tracing::warn!("refused a login: too many are being checked");
        Problem::unavailable("too many logins are being checked")
    })?;
    match user.filter(|_| fits) {
        Some(user) => Ok(user),
        None => {
            let reason = match (user, has_password) {
                (None, _) => "no such user",
                (_, false) => "the user has no password",
                _ => "wrong password",
            };
            inner.metrics.login_failed();
            tracing::info!(reason, user = &*shorten(name, NAME_BYTES), "login refused");
            Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized")
                .with_detail("user and password do not fit"))
        }
    }
}

pub(crate) fn away(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "a database does not answer as it should");
    Problem::unavailable("the database does not answer at the moment")
}

/// The ERP's rows are there and make no sense, such as organizations in a cycle: somebody has to mend them.
fn unusable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "no session was given");
    Problem::unavailable("the rows of the ERP cannot be used as they are: the log says why")
}

#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
    session: Shown,
}

/// The answer to whoever got a session. The token goes into the body or into a cookie, never into both.
pub(crate) async fn answer(gateway: &Gateway, logged_in: &Login, by_cookie: bool) -> Response {
    let token = logged_in.token.expose();
    let session = Shown::of(gateway, &logged_in.session).await;
    if !by_cookie {
        return Json(Answer { token: Some(token), csrf: None, session }).into_response();
    }
    let csrf = Some(csrf_value(&logged_in.token));
    let mut response = Json(Answer { token: None, csrf, session }).into_response();
    let seconds = gateway.manager().options().absolute.as_secs();
    set_cookie(gateway, &mut response, &token, seconds);
    response
}

/// Sets the cookie for so many seconds; for none takes it away.
pub(crate) fn set_cookie(gateway: &Gateway, response: &mut Response, token: &str, seconds: u64) {
    let name = gateway.settings().cookie();
    let secure = if gateway.settings().secure { "; Secure" } else { "" };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    // Hexadecimal digits and fixed words are always a header value.
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

/// The answer to a login, refresh or switch of somebody who is known by now.
pub(crate) fn login_refusal(error: &LoginError) -> Problem {
    let forbidden =
        |code, detail: &'static str| Problem::new(StatusCode::FORBIDDEN, code).with_detail(detail);
    let problem = match error {
        LoginError::Refused(refusal) => refused(refusal),
        LoginError::NotAllowed { .. } => forbidden("not_allowed", "the user may not log in"),
        LoginError::UnknownOrg { .. } => org_not_given(),
        LoginError::TooManySessions { .. } => Problem::unavailable("too many sessions are open"),
        LoginError::TooManySessionsOfUser { .. } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sessions")
                .with_detail("the user has as many sessions open as allowed")
                .with_retry_after(60)
        }
        LoginError::Source(cause) if !cause.is_transient() => return unusable(cause),
        LoginError::Source(cause) | LoginError::Store(cause) => return away(cause),
        LoginError::Session(cause) => refusal(cause),
        LoginError::EndedMeanwhile => Problem::new(StatusCode::CONFLICT, "ended_meanwhile")
            .with_detail("the session was ended while it was made"),
        LoginError::ShuttingDown => Problem::unavailable("this instance is shutting down"),
        _ => Problem::unavailable("no session can be made at the moment"),
    };
    tracing::info!(reason = %error, "no session was given");
    problem
}

fn org_not_given() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "org_not_given")
        .with_detail("the role does not work in this organization")
        .with_field("org")
}

/// Nothing here names what belongs to another client.
fn refused(refusal: &Refusal) -> Problem {
    let forbidden =
        |code, detail: &'static str| Problem::new(StatusCode::FORBIDDEN, code).with_detail(detail);
    match refusal {
        Refusal::UnknownUser { .. } | Refusal::InactiveUser { .. } => {
            forbidden("user_inactive", "the user is not active").with_field("user")
        }
        Refusal::LockedUser { .. } => forbidden("user_locked", "the user is locked out").with_field("user"),
        Refusal::NoRole { .. } => forbidden("no_role", "the user may take no role").with_field("role"),
        Refusal::InactiveRole { .. } => {
            forbidden("role_inactive", "the role is not active").with_field("role")
        }
        Refusal::InactiveClient { .. } => {
            forbidden("client_inactive", "the client of the role is not active").with_field("role")
        }
        Refusal::InactiveOrg { .. } => {
            forbidden("org_inactive", "the organization is not active").with_field("org")
        }
        Refusal::OrgNotGiven { .. } | Refusal::OrgOfAnotherClient { .. } => org_not_given(),
        _ => forbidden("role_not_given", "the user may not take this role").with_field("role"),
    }
}
