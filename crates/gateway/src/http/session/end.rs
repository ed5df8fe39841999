//! `EndOutcome`: the answer where sessions were ended.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use session::Revocation;

/// How many sessions were ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ended")]
pub(crate) struct EndOutcome {
    pub(super) ended: u64,
    /// Whether they are ended on other instances too.
    elsewhere: RemoteEffect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RemoteEffect {
    /// The session store has it, so it holds everywhere.
    Done,
    /// The session store does not answer. The revocation reaches the other nodes when it does.
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
    /// Were no sessions found, and is nothing pending?
    pub(crate) fn found_none(&self) -> bool {
        self.ended == 0 && self.elsewhere == RemoteEffect::Done
    }

    /// Ends that the session store has not confirmed.
    pub(crate) fn pending(ended: u64, error: &impl std::fmt::Display) -> Self {
        tracing::warn!(%error, "sessions are ended here, and elsewhere once the store answers");
        EndOutcome { ended, elsewhere: RemoteEffect::Pending }
    }
}

impl IntoResponse for EndOutcome {
    fn into_response(self) -> Response {
        // As long as the store was not told, the end holds on this instance alone.
        let status = if self.elsewhere == RemoteEffect::Done { StatusCode::OK } else { StatusCode::ACCEPTED };
        (status, Json(self)).into_response()
    }
}
