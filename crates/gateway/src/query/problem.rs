//! `QueryProblem`: the error answer to a question.

use erp_db::{ReadError, StatementError};
use platform::text::{NAME_BYTES, shorten};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::BackendError;

/// Why a question cannot be answered: a code for programs and a message for people.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct QueryProblem {
    #[schemars(with = "String")]
    pub(crate) code: Code,
    pub(crate) message: String,
    /// The argument that is wrong.
    #[serde(skip)]
    pub(crate) argument: Option<String>,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Code {
    BadJson,
    BadRequest,
    UnknownCall,
    UnknownClient,
    UnknownRole,
    /// Odoo has no such user, or the user may not log in.
    UnknownUser,
    MissingArgument,
    WrongArgument,
    NotAnAdministrator,
    /// The call needs another kind of ERP.
    NotInErp,
    /// The client's rows do not form a tree.
    DamagedTree,
    /// A value in the database is invalid for its column.
    DamagedRows,
    /// A table or column is missing.
    NotInDatabase,
    /// The database does not answer.
    Database,
}

impl Code {
    /// The code's name, and a replacement for messages that may reveal internals of this installation. `None`
    /// if the message reveals none.
    fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Code::BadJson => ("bad_json", None),
            Code::BadRequest => ("bad_request", None),
            Code::UnknownCall => ("unknown_call", None),
            Code::UnknownClient => ("unknown_client", Some("there is no such client")),
            Code::UnknownRole => ("unknown_role", None),
            Code::UnknownUser => ("unknown_user", None),
            Code::MissingArgument => ("missing_argument", None),
            Code::WrongArgument => ("wrong_argument", None),
            Code::NotAnAdministrator => ("not_an_administrator", None),
            Code::NotInErp => ("not_in_erp", None),
            Code::DamagedTree => ("damaged_tree", Some("the client's rows do not make a tree")),
            Code::DamagedRows => {
                ("damaged_rows", Some("a value in the database cannot be what its column says"))
            }
            Code::NotInDatabase => {
                ("not_in_database", Some("a table or column that this call needs is not there"))
            }
            Code::Database => ("database", Some("the database does not answer at the moment")),
        }
    }
}

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.words().0
    }
}

impl QueryProblem {
    fn new(code: Code, message: impl Into<String>) -> Self {
        QueryProblem { code, message: message.into(), argument: None }
    }

    fn with_argument(self, name: impl Into<String>) -> Self {
        QueryProblem { argument: Some(name.into()), ..self }
    }

    pub(crate) fn bad_json(error: &serde_json::Error) -> Self {
        Self::new(Code::BadJson, error.to_string())
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    pub(crate) fn unknown_call(call: &str) -> Self {
        Self::new(Code::UnknownCall, format!("there is no call `{}`", shorten(call, NAME_BYTES)))
    }

    pub(crate) fn unknown_client(client: &str) -> Self {
        Self::new(Code::UnknownClient, format!("there is no client `{}`", shorten(client, NAME_BYTES)))
    }

    pub(crate) fn not_an_administrator() -> Self {
        let message = "only administrators may ask about a role other than their own";
        Self::new(Code::NotAnAdministrator, message)
    }

    /// The call needs columns that only Openbravo's database has.
    pub(crate) fn not_in_odoo() -> Self {
        Self::new(Code::NotInErp, "odoo has no such stored column")
    }

    /// The call needs companies, which only Odoo has.
    pub(crate) fn not_in_database() -> Self {
        Self::new(Code::NotInErp, "users of a database have roles, not companies")
    }

    pub(crate) fn unknown_user(user: Option<&str>) -> Self {
        let message = match user {
            Some(user) => format!("there is no user `{}` who may log in", shorten(user, NAME_BYTES)),
            None => "null is not a user".to_owned(),
        };
        Self::new(Code::UnknownUser, message).with_argument("user")
    }

    /// A database that does not answer.
    pub(crate) fn database() -> Self {
        Self::new(Code::Database, "the database does not answer at the moment")
    }

    pub(crate) fn unknown_role(role: Option<&str>) -> Self {
        let message = match role {
            Some(role) => format!("there is no role `{}`", shorten(role, NAME_BYTES)),
            None => "null is not a role".to_owned(),
        };
        Self::new(Code::UnknownRole, message).with_argument("role")
    }

    pub(crate) fn missing_argument(name: &str) -> Self {
        Self::new(Code::MissingArgument, format!("argument `{name}` is missing")).with_argument(name)
    }

    pub(crate) fn wrong_argument(name: &str, expected: &str) -> Self {
        let name = shorten(name, NAME_BYTES);
        Self::new(Code::WrongArgument, format!("argument `{name}` {expected}")).with_argument(name)
    }

    /// Whether the message reveals internals of this installation, so that it belongs only in the log.
    pub(crate) fn is_internal(&self) -> bool {
        self.code != Code::UnknownClient && self.code.words().1.is_some()
    }

    /// The problem for callers over the network: without internals of this installation.
    pub(crate) fn without_internals(mut self) -> Self {
        if let (_, Some(message)) = self.code.words() {
            message.clone_into(&mut self.message);
        }
        self
    }
}

impl From<ReadError> for QueryProblem {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::UnknownClient { .. } => Code::UnknownClient,
            ReadError::Tree { .. } | ReadError::InvalidId { .. } => Code::DamagedTree,
            ReadError::MissingTable { .. } | ReadError::MissingColumn { .. } => Code::NotInDatabase,
            ReadError::Database(StatementError::Value { .. }) => Code::DamagedRows,
            _ => Code::Database,
        };
        Self::new(code, error.to_string())
    }
}

impl From<BackendError> for QueryProblem {
    fn from(error: BackendError) -> Self {
        let code = match error {
            BackendError::Database(error) => return error.into(),
            BackendError::Odoo(_) => Code::Database,
            BackendError::Companies(_) => Code::DamagedTree,
            BackendError::UnknownClient { .. } => Code::UnknownClient,
        };
        Self::new(code, error.to_string())
    }
}
