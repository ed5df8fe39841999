//! Why a call to Odoo fails.

use core::time::Duration;

use crate::{OdooConfig, OdooCredential, Transport, TransportChoice};

/// Why a call to Odoo fails.
///
/// Messages are those that Odoo writes for people, or this crate's own. Tracebacks, passwords and keys are in
/// none of them, nor in what `Debug` shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OdooError {
    /// Odoo does not accept the credentials.
    #[error("odoo does not accept the credentials for database `{database}`: {advice}")]
    Credentials {
        /// The database.
        database: String,
        /// What to check, in the names of the settings.
        advice: &'static str,
    },
    /// Odoo refuses the login with a sentence of its own, such as after too many failures.
    #[error("odoo refuses the login: {message}")]
    LoginRefused {
        /// What Odoo says.
        message: String,
    },
    /// The API key is another user's than the configured one's.
    #[error(
        "the api key is one of `{owner}`, not of `{login}`: correct ODOO_USER, or use a key of that user"
    )]
    OtherUser {
        /// The configured login.
        login: String,
        /// The login of the key's owner.
        owner: String,
    },
    /// The server has no such database, or hides it.
    #[error("odoo has no database `{database}`, or a filter of the server hides it: check ODOO_DB")]
    UnknownDatabase {
        /// The database.
        database: String,
    },
    /// The address ends in the path of Odoo's own pages, and nothing of Odoo's API is there.
    #[error("nothing of odoo's api is at `{url}`: leave `/odoo` and what follows it out of ODOO_URL")]
    Address {
        /// The address that is configured.
        url: String,
    },
    /// The server does not have the transport.
    #[error("this server does not have JSON-2, which came with odoo 19: set ODOO_RPC_TRANSPORT to auto")]
    NoJson2,
    /// No database is configured, and the server has none or several.
    #[error("{}: name one (ODOO_DB)", databases(*.found))]
    Database {
        /// How many there are, as far as Odoo tells.
        found: usize,
    },
    /// No login is configured for the API key, and the add-on `mcp_server` does not tell its owner.
    #[error(
        "odoo needs the user's login (ODOO_USER) beside the api key: the add-on mcp_server does not tell whose it is"
    )]
    Login,
    /// The user may not do that (`AccessError`).
    #[error("{message}")]
    Access {
        /// What Odoo says to the user.
        message: String,
    },
    /// A record does not exist (`MissingError`).
    #[error("{message}")]
    Missing {
        /// What Odoo says to the user.
        message: String,
    },
    /// Odoo objects to what is asked (`UserError`, `ValidationError` and their like).
    #[error("{message}")]
    User {
        /// The class of the exception.
        class: String,
        /// What Odoo says to the user.
        message: String,
    },
    /// There is no such model.
    #[error("odoo has no model `{model}`")]
    UnknownModel {
        /// The model.
        model: String,
    },
    /// The model has no such method, or none for callers from outside.
    #[error("`{model}` has no method `{method}`")]
    UnknownMethod {
        /// The model.
        model: String,
        /// The method.
        method: String,
    },
    /// Odoo cannot interpret the call: an unknown field or argument, or a value of the wrong type.
    #[error("odoo rejects the call: {message}")]
    Rejected {
        /// The class of the exception.
        class: String,
        /// What Odoo says.
        message: String,
    },
    /// Odoo failed with an internal error.
    #[error("odoo failed inside with `{class}`")]
    Server {
        /// The class of the exception.
        class: String,
    },
    /// A new session expired at once.
    #[error("odoo ends each session as soon as it is opened")]
    Session,
    /// A model or method has a name that no model or method can have.
    #[error("`{name}` cannot be the name of a model or method")]
    Name {
        /// The beginning of the name.
        name: String,
    },
    /// The transport takes arguments by name only.
    #[error("the arguments of `{method}` need names with this transport: give them by name")]
    Unnamed {
        /// The method.
        method: String,
    },
    /// The permission could not be checked, so it is denied.
    #[error("the permission could not be verified: {message}")]
    Unverified {
        /// What the add-on says, or what is wrong with it.
        message: String,
    },
    /// The answer is JSON, but not what the call returns.
    #[error("odoo's answer to `{method}` is not what was expected")]
    Unexpected {
        /// The method.
        method: String,
    },
    /// The answer never came, or was no answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No connection can be made.
    #[error("odoo cannot be reached: {cause}")]
    Unreachable {
        /// What the system says.
        cause: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection to odoo ended before the answer was complete")]
    Broken,
    /// The answer took too long.
    #[error("odoo did not answer within {within:?}")]
    Timeout {
        /// The time allowed.
        within: Duration,
    },
    /// No connection was free in time.
    #[error("no connection to odoo was free within {within:?}")]
    Busy {
        /// The time allowed.
        within: Duration,
    },
    /// The circuit breaker is open after repeated failures.
    #[error("odoo failed repeatedly and is not asked again for a moment")]
    Resting,
    /// The caller cancelled the call before it was sent: nothing was sent.
    #[error("the call was cancelled before it was sent")]
    Cancelled,
    /// The answer is a redirect, which a client of an API does not follow.
    #[error(
        "odoo's address redirects to `{location}`: set ODOO_URL to the address that odoo itself answers at"
    )]
    Redirect {
        /// Where to.
        location: String,
    },
    /// A proxy says that Odoo is not there (status 502, 503 or 504).
    #[error("odoo is not available (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is not JSON: the address is not Odoo's, perhaps, or a page for people came instead.
    #[error("the answer is not odoo's: status {status}, content type `{content_type}`")]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// The content type.
        content_type: String,
    },
    /// The answer claims to be JSON and is not.
    #[error("odoo's answer is not valid json")]
    Malformed,
    /// The answer is larger than is allowed.
    #[error("odoo's answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

fn databases(found: usize) -> String {
    match found {
        0 => "odoo does not tell which databases it has".into(),
        found => format!("odoo has {found} databases"),
    }
}

/// What to check after a refused login.
fn advice(config: &OdooConfig) -> &'static str {
    match (&config.credential, config.transport) {
        (OdooCredential::ApiKey(_), TransportChoice::Forced(Transport::Session)) => {
            "an api key opens no session; set ODOO_RPC_TRANSPORT to auto"
        }
        (OdooCredential::Password(_), TransportChoice::Forced(Transport::Json2)) => {
            "JSON-2 takes api keys only; set ODOO_API_KEY, or ODOO_RPC_TRANSPORT to auto"
        }
        (OdooCredential::ApiKey(_), _) if config.key_as_password => {
            "ODOO_PASSWORD has the form of an api key and was used as one; if it is a password, set \
             ODOO_RPC_TRANSPORT to jsonrpc"
        }
        (OdooCredential::ApiKey(_), _) => "check ODOO_API_KEY, and that it is a key of ODOO_USER",
        (OdooCredential::Password(_), _) => "check ODOO_USER and ODOO_PASSWORD",
    }
}

impl OdooError {
    /// The configured database does not exist.
    pub(crate) fn unknown_database(config: &OdooConfig) -> Self {
        OdooError::UnknownDatabase { database: config.database_name().into() }
    }

    /// The configured credentials are not accepted.
    pub(crate) fn refused(config: &OdooConfig) -> Self {
        OdooError::Credentials { database: config.database_name().into(), advice: advice(config) }
    }

    /// May a call that changes something have been carried out all the same? It was sent, and its answer did
    /// not come or is none.
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        match self {
            OdooError::Fault(fault) => fault.leaves_doubt(),
            OdooError::Unexpected { .. } => true,
            _ => false,
        }
    }

    /// Are the credentials refused, or those of another user?
    #[must_use]
    pub fn is_refused_login(&self) -> bool {
        matches!(
            self,
            OdooError::Credentials { .. } | OdooError::LoginRefused { .. } | OdooError::OtherUser { .. }
        )
    }

    /// May the same call succeed later, without any other change?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            OdooError::Fault(fault) => fault.is_transient(),
            OdooError::Session | OdooError::LoginRefused { .. } => true,
            _ => false,
        }
    }
}

impl Fault {
    /// May the same call succeed later, without any other change?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Fault::Unreachable { .. }
            | Fault::Broken
            | Fault::Timeout { .. }
            | Fault::Busy { .. }
            | Fault::Resting
            | Fault::Cancelled
            | Fault::Unavailable { .. } => true,
            Fault::Redirect { .. } | Fault::NotJson { .. } | Fault::Malformed | Fault::TooLarge { .. } => {
                false
            }
        }
    }

    /// Did the connection fail, so that an idempotent call is worth a second try at once?
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Fault::Unreachable { .. } | Fault::Broken)
    }

    /// May Odoo have been asked, and be at it still?
    pub(crate) fn leaves_doubt(&self) -> bool {
        !matches!(
            self,
            Fault::Unreachable { .. }
                | Fault::Busy { .. }
                | Fault::Resting
                | Fault::Cancelled
                | Fault::Redirect { .. }
        )
    }

    /// Does it say that the server is not well?
    pub(crate) fn is_sickness(&self) -> bool {
        matches!(
            self,
            Fault::Unreachable { .. } | Fault::Broken | Fault::Timeout { .. } | Fault::Unavailable { .. }
        )
    }
}
