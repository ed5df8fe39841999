//! `Problem`: why a line cannot be answered.

use erp_db::ReadError;
use serde::Serialize;

/// Why a line cannot be answered: a code for programs and a message for people.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    code: &'static str,
    message: String,
}

impl Problem {
    pub(crate) fn bad_json(message: impl ToString) -> Self {
        Problem { code: "bad_json", message: message.to_string() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Problem { code: "bad_request", message: message.into() }
    }

    pub(crate) fn unknown_call(call: &str) -> Self {
        Problem { code: "unknown_call", message: format!("there is no call `{}`", shortened(call)) }
    }

    pub(crate) fn unknown_role(role: Option<&str>) -> Self {
        let message = role.map_or_else(
            || "null is no role".to_owned(),
            |role| format!("there is no role `{}`", shortened(role)),
        );
        Problem { code: "unknown_role", message }
    }

    /// A value in the database that cannot be what its column says.
    pub(crate) fn damaged_rows(cause: &dyn std::error::Error) -> Self {
        Problem { code: "damaged_rows", message: cause.to_string() }
    }

    pub(crate) fn missing_argument(name: &str) -> Self {
        Problem { code: "missing_argument", message: format!("argument `{name}` is missing") }
    }

    pub(crate) fn wrong_argument(name: &str, expected: &str) -> Self {
        Problem { code: "wrong_argument", message: format!("argument `{}` {expected}", shortened(name)) }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::UnknownClient { .. } => "unknown_client",
            ReadError::Tree { .. } | ReadError::InvalidId { .. } => "damaged_tree",
            ReadError::MissingTable { .. } | ReadError::MissingColumn { .. } => "not_in_database",
            _ => "database",
        };
        Problem { code, message: error.to_string() }
    }
}

/// Enough of a text to recognize it.
pub(crate) fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(64)).unwrap_or_default()
}
