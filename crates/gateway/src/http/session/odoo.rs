//! Logins of Odoo users: Odoo verifies the password or key, and the periodic check ends sessions of users who
//! have changed.

use axum::http::StatusCode;
use odoo::{CompanySource, CompanyUser, OdooError, Verdict};
use session::{Hint, Scope, Session, UserId};
use session_axum::Problem;

use crate::backend::BackendError;
use crate::http::gateway::Gateway;
use crate::http::login::baseline::Baseline;
use crate::http::session::end::EndOutcome;
use crate::http::session::grant::VerifiedUser;
use crate::http::session::login_refusal::{not_allowed, wrong_credential};
use crate::http::wire::problem::{OrUnavailable, database_unavailable, forbidden};

/// How long Odoo refuses logins after too many failures, in seconds.
const RETRY_AFTER_SECONDS: u32 = 60;

/// Verifies a login and a secret. Returns the user, and when its record was last written before that.
pub(crate) async fn authenticate(
    gateway: &Gateway,
    source: &CompanySource,
    name: &str,
    secret: String,
) -> Result<VerifiedUser, Problem> {
    let found = source.user_named(name).await.or_unavailable()?;
    // Call Odoo in every case, so that the time does not reveal whether the user exists.
    let verdict = source.odoo().verify(name, secret.into()).await.map_err(|error| unverified(&error))?;
    let reason = match (found, verdict) {
        (Some(user), Verdict::User(id)) if user.id.as_str() == id.to_string() => {
            if user.is_admitted {
                return Ok(VerifiedUser { id: user.id, written: Some(user.written) });
            }
            tracing::info!(reason = "a user of the portal", "login refused");
            return Err(not_allowed());
        }
        (Some(_), Verdict::SecondFactor) => {
            tracing::info!(reason = "a second factor is missing", "login refused");
            return Err(forbidden(
                "second_factor",
                "odoo asks this user for a second factor: sign in with an API key instead of the password",
            ));
        }
        (None, Verdict::User(_)) => {
            tracing::warn!(reason = "the user that reads Odoo does not see this user", "login refused");
            return Err(not_allowed());
        }
        (None, _) => "no such user",
        (Some(_), _) => "wrong password or key",
    };
    Err(wrong_credential(gateway, name, reason))
}

fn unverified(error: &OdooError) -> Problem {
    match error {
        OdooError::LoginRefused { message } => {
            tracing::warn!(message, "odoo refuses password logins for now");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts")
                .with_detail(format!("odoo: {message}"))
                .with_retry_after(RETRY_AFTER_SECONDS)
        }
        error => database_unavailable(error),
    }
}

impl Gateway {
    /// Ends the cached sessions of users who are archived or deleted, whose companies differ from the
    /// session's, or whose record was written after the login.
    pub(super) async fn recheck_odoo(&self, source: &CompanySource) -> Result<u64, BackendError> {
        let (manager, baselines) = (self.manager(), &self.inner.baselines);
        manager.take_hint(&Hint::Anything);
        let held = manager.held_users();
        let sessions: Vec<Session> =
            held.iter().flat_map(|(user, client)| manager.held_sessions(*client, *user)).collect();
        let ids: Vec<UserId> = held.iter().map(|(user, _)| *user).collect();
        let users = source.users(&ids).await?;
        let mut ended = 0;
        for session in sessions {
            let user = users.get(&session.user());
            let Some(reason) = reason_to_end(user, &session, baselines.for_session(manager, &session)) else {
                if let Some(user) = user {
                    baselines.note(session.id(), Baseline::Written(user.written));
                }
                continue;
            };
            ended += EndOutcome::from(manager.end(Scope::Session(session.id())).await).ended;
            tracing::info!(user = %session.user(), session = %session.id(), reason, "a session was ended");
        }
        baselines.forget_ended(manager);
        Ok(ended)
    }
}

/// The reason to end a session, if there is one.
fn reason_to_end(user: Option<&CompanyUser>, session: &Session, baseline: Baseline) -> Option<&'static str> {
    let Some(user) = user.filter(|user| user.is_admitted) else {
        return Some("the user is archived, gone, or a user of the portal");
    };
    if !user.has_companies_of(session) {
        return Some("the user's companies have changed");
    }
    baseline
        .is_outdated(user.written)
        .then_some("the user's record was written: the password may have changed")
}
