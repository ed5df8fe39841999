//! `End`: the answer where sessions were ended.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session::Revocation;

/// The session store has the end, so it holds everywhere and for good.
const DONE: &str = "done";
/// Only this instance knows of the end.
const PENDING: &str = "pending";

#[derive(Debug, Serialize)]
pub(crate) struct End {
    ended: u64,
    /// Are the sessions ended on other nodes too?
    elsewhere: &'static str,
}

impl From<Revocation> for End {
    fn from(ended: Revocation) -> Self {
        match &ended.pending {
            None => End { ended: ended.sessions, elsewhere: DONE },
            Some(error) => End::pending(ended.sessions, error),
        }
    }
}

impl End {
    /// Were no sessions found, and is nothing pending?
    pub(crate) fn found_none(&self) -> bool {
        self.ended == 0 && self.elsewhere == DONE
    }

    /// Ends that the session store has not confirmed.
    pub(crate) fn pending(ended: u64, error: &impl std::fmt::Display) -> Self {
        tracing::warn!(%error, "sessions are ended here, and elsewhere once the store answers");
        End { ended, elsewhere: PENDING }
    }
}

impl IntoResponse for End {
    fn into_response(self) -> Response {
        // As long as the store was not told, the end holds on this instance alone.
        let status = if self.elsewhere == DONE { StatusCode::OK } else { StatusCode::ACCEPTED };
        (status, Json(self)).into_response()
    }
}
