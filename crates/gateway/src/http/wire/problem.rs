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

/// What the caller may not do.
pub(crate) fn forbidden(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code).with_detail(detail)
}

/// What there is not, or not for the caller.
pub(crate) fn not_found(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code).with_detail(detail)
}

/// A database that does not answer, or not as it should. The log says why.
pub(crate) fn database_unavailable(error: &dyn Error) -> Problem {
    tracing::error!(%error, "a database does not answer as it should");
    Problem::unavailable("the database does not answer at the moment")
}

/// Makes a problem of an error of the ERP's database or the session store.
pub(crate) trait OrUnavailable<T> {
    fn or_unavailable(self) -> Result<T, Problem>;
}

impl<T, E: Error> OrUnavailable<T> for Result<T, E> {
    fn or_unavailable(self) -> Result<T, Problem> {
        self.map_err(|error| database_unavailable(&error))
    }
}

/// The beginning of a text that a message repeats.
pub(crate) fn shortened(text: &str) -> String {
    shorten(text, MAX_MESSAGE_BYTES).into()
}
