//! Problems that several routes have.

use std::error::Error;

use axum::http::StatusCode;
use platform::text::shorten;
use session_axum::Problem;

/// The longest message about a wrong value, which may repeat it.
const MAX_MESSAGE_BYTES: usize = 200;

/// A value that is well-formed but not allowed.
pub(crate) fn unprocessable(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_value").with_detail(detail.into())
}

/// A database that does not answer, or not as it should. The log says why.
pub(crate) fn away(error: &dyn Error) -> Problem {
    tracing::error!(%error, "a database does not answer as it should");
    Problem::unavailable("the database does not answer at the moment")
}

/// The beginning of a text that a message repeats.
pub(crate) fn shortened(text: &str) -> String {
    shorten(text, MAX_MESSAGE_BYTES).into()
}
