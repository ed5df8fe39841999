//! `EndOutcome`: the answer to requests that end sessions.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use session::Revocation;

/// The number of sessions that were ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ended")]
pub(crate) struct EndOutcome {
    pub(super) ended: u64,
    /// Whether the sessions have ended on other instances too.
    elsewhere: RemoteEffect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RemoteEffect {
    /// The session store has the revocation, so it holds on all instances.
    Done,
    /// The session store does not answer. Until it does, the revocation holds only on this instance.
    Pending,
}

impl From<Revocation> for EndOutcome {
    fn from(ended: Revocation) -> Self {
        match &ended.pending {
            None => EndOutcome { ended: ended.sessions, elsewhere: RemoteEffect::Done },
            Some(error) => EndOutcome::pending(ended.sessions, error),
        }
    }
}

impl EndOutcome {
    /// Whether no session was found and nothing is pending.
    pub(crate) fn found_none(&self) -> bool {
        self.ended == 0 && self.elsewhere == RemoteEffect::Done
    }

    /// Revocations that the session store has not confirmed.
    pub(crate) fn pending(ended: u64, error: &impl std::fmt::Display) -> Self {
        tracing::warn!(%error, "sessions are ended here, and elsewhere once the store answers");
        EndOutcome { ended, elsewhere: RemoteEffect::Pending }
    }
}

impl IntoResponse for EndOutcome {
    fn into_response(self) -> Response {
        // Until the store has the revocation, it holds only on this instance.
        let status = if self.elsewhere == RemoteEffect::Done { StatusCode::OK } else { StatusCode::ACCEPTED };
        (status, Json(self)).into_response()
    }
}
