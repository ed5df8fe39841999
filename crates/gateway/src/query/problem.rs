//! `Problem`: why a line cannot be answered.

use std::borrow::Cow;

use erp_db::{ReadError, StatementError};
use platform::text::{NAME_BYTES, shorten};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::BackendError;

/// Why a line cannot be answered: a code for programs and a message for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Problem {
    code: &'static str,
    message: String,
    /// The argument that is wrong.
    #[serde(skip)]
    argument: Option<String>,
}

impl Problem {
    pub(crate) fn bad_json(message: impl ToString) -> Self {
        Problem { code: "bad_json", message: message.to_string(), argument: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Problem { code: "bad_request", message: message.into(), argument: None }
    }

    pub(crate) fn unknown_call(call: &str) -> Self {
        Problem {
            code: "unknown_call",
            message: format!("there is no call `{}`", shortened(call)),
            argument: None,
        }
    }

    pub(crate) fn unknown_client() -> Self {
        Problem { code: "unknown_client", message: "there is no such client".to_owned(), argument: None }
    }

    pub(crate) fn not_an_administrator() -> Self {
        let message = "only administrators may ask about a role other than their own".to_owned();
        Problem { code: "not_an_administrator", message, argument: None }
    }

    /// What Openbravo's tables store beside the tree.
    pub(crate) fn not_in_odoo() -> Self {
        let message = "odoo stores nothing of the kind".to_owned();
        Problem { code: "not_in_database", message, argument: None }
    }

    /// What Odoo has and Openbravo's tables do not.
    pub(crate) fn not_in_database() -> Self {
        let message = "users of a database have roles, not companies".to_owned();
        Problem { code: "not_in_database", message, argument: None }
    }

    pub(crate) fn unknown_user(user: Option<&str>) -> Self {
        let message = user.map_or_else(
            || "null is no user".to_owned(),
            |user| format!("there is no user `{}` who may sign in", shortened(user)),
        );
        Problem { code: "unknown_user", message, argument: Some("user".to_owned()) }
    }

    /// A database that does not answer.
    pub(crate) fn database() -> Self {
        let message = "the database does not answer at the moment".to_owned();
        Problem { code: "database", message, argument: None }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same for a user who must not see internals of this installation.
    pub(crate) fn without_internals(self) -> Self {
        let message = match self.code {
            "unknown_client" => "there is no such client",
            "damaged_tree" => "the client's rows do not make a tree",
            "damaged_rows" => "a value in the database cannot be what its column says",
            "not_in_database" => "a table or column that this call needs is not there",
            "database" => "the database does not answer at the moment",
            _ => return self,
        };
        Problem { message: message.to_owned(), ..self }
    }

    pub(crate) fn unknown_role(role: Option<&str>) -> Self {
        let message = role.map_or_else(
            || "null is no role".to_owned(),
            |role| format!("there is no role `{}`", shortened(role)),
        );
        Problem { code: "unknown_role", message, argument: Some("role".to_owned()) }
    }

    /// A value in the database that cannot be what its column says.
    pub(crate) fn damaged_rows(cause: &dyn std::error::Error) -> Self {
        Problem { code: "damaged_rows", message: cause.to_string(), argument: None }
    }

    pub(crate) fn missing_argument(name: &str) -> Self {
        Problem {
            code: "missing_argument",
            message: format!("argument `{name}` is missing"),
            argument: Some(name.to_owned()),
        }
    }

    pub(crate) fn argument_twice(name: &str) -> Self {
        Self::wrong_argument(name, "is given more than once")
    }

    pub(crate) fn wrong_argument(name: &str, expected: &str) -> Self {
        let name = shortened(name);
        Problem {
            code: "wrong_argument",
            message: format!("argument `{name}` {expected}"),
            argument: Some(name.into()),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::UnknownClient { .. } => "unknown_client",
            ReadError::Tree { .. } | ReadError::InvalidId { .. } => "damaged_tree",
            ReadError::MissingTable { .. } | ReadError::MissingColumn { .. } => "not_in_database",
            ReadError::Database(StatementError::Value { .. }) => "damaged_rows",
            _ => "database",
        };
        Problem { code, message: error.to_string(), argument: None }
    }
}

impl From<BackendError> for Problem {
    fn from(error: BackendError) -> Self {
        let code = match error {
            BackendError::Database(error) => return error.into(),
            BackendError::Odoo(_) => "database",
            BackendError::Companies(_) => "damaged_tree",
            BackendError::UnknownClient { .. } => "unknown_client",
        };
        Problem { code, message: error.to_string(), argument: None }
    }
}

/// Enough of a text to recognize it.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    shorten(text, NAME_BYTES)
}
