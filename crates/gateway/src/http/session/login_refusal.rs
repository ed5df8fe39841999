//! The error answers of logins, refreshes and switches.

use std::time::Duration;

use axum::http::StatusCode;
use platform::text::{NAME_BYTES, shorten};
use session::LoginError;
use session::openbravo::Refusal;
use session_axum::{Problem, refusal};

use crate::http::gateway::Gateway;
use crate::http::wire::problem::{database_unavailable, forbidden};

/// The answer to a login that is refused after too many failures. `wait`: when the next one is possible.
pub(crate) fn too_many(gateway: &Gateway, wait: Duration) -> Problem {
    gateway.inner.metrics.login_refused_by_limit();
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts")
        .with_detail("too many failed logins")
        .with_retry_after(seconds)
}

/// The answer to every wrong credential. Only the log contains the reason.
pub(crate) fn wrong_credential(gateway: &Gateway, name: &str, reason: &'static str) -> Problem {
    gateway.inner.metrics.login_failed();
    tracing::info!(reason, user = &*shorten(name, NAME_BYTES), "login refused");
    Problem::unauthorized().with_detail("wrong user name or password")
}

/// The answer to a user with the right credential who may not log in.
pub(crate) fn not_allowed() -> Problem {
    forbidden("not_allowed", "the user may not log in")
}

/// The answer to a failed login, refresh or switch of an authenticated user.
pub(crate) fn login_refusal(error: &LoginError) -> Problem {
    let problem = match error {
        LoginError::Refused(refusal) => refused_by_erp(refusal),
        LoginError::NotAllowed { .. } => not_allowed(),
        LoginError::UnknownOrg { .. } => org_not_given(),
        LoginError::TooManySessions { .. } => Problem::unavailable("too many sessions are open"),
        LoginError::TooManySessionsOfUser { .. } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sessions")
                .with_detail("the user has as many sessions open as allowed")
                .with_retry_after(60)
        }
        LoginError::Source(cause) if !cause.is_transient() => return unusable(cause),
        LoginError::Source(cause) | LoginError::Store(cause) => return database_unavailable(cause),
        LoginError::Session(cause) => refusal(cause),
        LoginError::EndedMeanwhile => Problem::new(StatusCode::CONFLICT, "ended_meanwhile")
            .with_detail("the session was ended while it was created"),
        LoginError::ShuttingDown => Problem::unavailable("this instance is shutting down"),
        _ => Problem::unavailable("no session can be created at the moment"),
    };
    tracing::info!(reason = %error, "no session was created");
    problem
}

fn org_not_given() -> Problem {
    forbidden("org_not_given", "the role does not work in this organization").with_field("org")
}

/// The answer to a refusal by the ERP's rules. It reveals nothing of other clients.
fn refused_by_erp(refusal: &Refusal) -> Problem {
    let (code, detail, field) = match refusal {
        Refusal::UnknownUser { .. } | Refusal::InactiveUser { .. } => {
            ("user_inactive", "the user is not active", "user")
        }
        Refusal::LockedUser { .. } => ("user_locked", "the user is locked out", "user"),
        Refusal::NoRole { .. } => ("no_role", "the user may take no role", "role"),
        Refusal::InactiveRole { .. } => ("role_inactive", "the role is not active", "role"),
        Refusal::InactiveClient { .. } => ("client_inactive", "the client of the role is not active", "role"),
        Refusal::InactiveOrg { .. } => ("org_inactive", "the organization is not active", "org"),
        Refusal::OrgNotGiven { .. } | Refusal::OrgOfAnotherClient { .. } => return org_not_given(),
        _ => ("role_not_given", "the user may not take this role", "role"),
    };
    forbidden(code, detail).with_field(field)
}

/// The answer if the ERP's rows are invalid, such as a cycle of organizations. They must be fixed in the ERP.
fn unusable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "no session was created");
    Problem::unavailable("the rows of the ERP are not usable: see the log of the service")
}
