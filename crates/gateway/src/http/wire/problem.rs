//! Problems that several routes report.

use std::error::Error;

use axum::http::StatusCode;
use platform::text::shorten;
use session_axum::Problem;

/// The maximum length of a message about a wrong value, which may repeat the value.
const MAX_MESSAGE_BYTES: usize = 200;

/// The answer to a value that is well-formed but not allowed.
pub(crate) fn unprocessable(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_value").with_detail(detail.into())
}

/// What the caller may not do.
pub(crate) fn forbidden(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code).with_detail(detail)
}

/// What there is not, or not for the caller.
pub(crate) fn not_found(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code).with_detail(detail)
}

/// The answer if a database fails. Only the log contains the reason.
pub(crate) fn database_unavailable(error: &dyn Error) -> Problem {
    tracing::error!(%error, "a database failed");
    Problem::unavailable("the database does not answer at the moment")
}

/// Converts an error of the ERP's database or the session store into a problem.
pub(crate) trait OrUnavailable<T> {
    fn or_unavailable(self) -> Result<T, Problem>;
}

impl<T, E: Error> OrUnavailable<T> for Result<T, E> {
    fn or_unavailable(self) -> Result<T, Problem> {
        self.map_err(|error| database_unavailable(&error))
    }
}

/// Shortens a text from a request for a message.
pub(crate) fn shortened(text: &str) -> String {
    shorten(text, MAX_MESSAGE_BYTES).into()
}
