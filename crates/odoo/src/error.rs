//! `OdooError`: why a call to Odoo failed.

use core::time::Duration;

use crate::{OdooConfig, OdooCredential, Transport, TransportChoice};

/// Why a call to Odoo failed.
///
/// Messages are Odoo's messages for users, or come from this crate. Neither messages nor `Debug` contain
/// tracebacks, passwords or keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OdooError {
    /// Odoo rejects the credentials.
    #[error("odoo does not accept the credentials for database `{database}`: {advice}")]
    Credentials {
        /// The database.
        database: String,
        /// The settings to check.
        advice: &'static str,
    },
    /// Odoo refuses the login with a specific message, for example after too many failures.
    #[error("odoo refuses the login: {message}")]
    LoginRefused {
        /// Odoo's message.
        message: String,
    },
    /// The API key belongs to another user than the configured one.
    #[error(
        "the api key belongs to `{owner}`, not to `{login}`: correct ODOO_USER, or use a key of that user"
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
    /// The address has the path of Odoo's web client, and Odoo's API is not there.
    #[error("odoo's api is not at `{url}`: remove the path from `/odoo` on from ODOO_URL")]
    Address {
        /// The configured address.
        url: String,
    },
    /// The server does not have the transport.
    #[error("this server does not have JSON-2, which came with odoo 19: set ODOO_RPC_TRANSPORT to auto")]
    NoJson2,
    /// No database is configured, and the server has several or does not list them.
    #[error("{}: set ODOO_DB", databases(*.found))]
    Database {
        /// The number of databases that Odoo lists.
        found: usize,
    },
    /// No login is configured for the API key, and the add-on `mcp_server` does not return the owner of the
    /// key.
    #[error(
        "odoo needs the user's login (ODOO_USER) with the api key, because the add-on mcp_server does not return the \
         owner of the key"
    )]
    Login,
    /// The user does not have the permission (`AccessError`).
    #[error("{message}")]
    Access {
        /// Odoo's message for the user.
        message: String,
    },
    /// A record does not exist (`MissingError`).
    #[error("{message}")]
    Missing {
        /// Odoo's message for the user.
        message: String,
    },
    /// Odoo refuses the call for another reason (`UserError`, `ValidationError` and others).
    #[error("{message}")]
    User {
        /// The class of the exception.
        class: String,
        /// Odoo's message for the user.
        message: String,
    },
    /// The model does not exist.
    #[error("odoo has no model `{model}`")]
    UnknownModel {
        /// The model.
        model: String,
    },
    /// The model has no such public method.
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
        /// Odoo's message.
        message: String,
    },
    /// Odoo failed with an internal error.
    #[error("odoo failed with the internal error `{class}`")]
    Server {
        /// The class of the exception.
        class: String,
    },
    /// Each new session expired at once.
    #[error("odoo ends each new session at once")]
    Session,
    /// The name of a model or method is invalid.
    #[error("`{name}` cannot be the name of a model or method")]
    Name {
        /// The beginning of the name.
        name: String,
    },
    /// The transport accepts only keyword arguments.
    #[error("this transport needs keyword arguments: pass the arguments of `{method}` by name")]
    Unnamed {
        /// The method.
        method: String,
    },
    /// The permission could not be checked, so it is denied.
    #[error("the permission could not be verified: {message}")]
    Unverified {
        /// The add-on's message, or why it did not answer.
        message: String,
    },
    /// The answer is valid JSON of an unexpected form.
    #[error("odoo's answer to `{method}` has an unexpected form")]
    Unexpected {
        /// The method.
        method: String,
    },
    /// There was no valid answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a call got no valid answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The connection could not be opened.
    #[error("odoo cannot be reached: {cause}")]
    Unreachable {
        /// The error of the operating system or of TLS.
        cause: String,
    },
    /// The connection was closed before the answer was complete.
    #[error("the connection to odoo ended before the answer was complete")]
    Broken,
    /// The answer took too long.
    #[error("odoo did not answer within {within:?}")]
    Timeout {
        /// The timeout.
        within: Duration,
    },
    /// No connection was free in time.
    #[error("no connection to odoo was free within {within:?}")]
    Busy {
        /// The timeout.
        within: Duration,
    },
    /// The circuit breaker is open after repeated failures.
    #[error("odoo failed repeatedly, so calls are suspended for some seconds")]
    Resting,
    /// The caller cancelled the call before it was sent.
    #[error("the call was cancelled before it was sent")]
    Cancelled,
    /// The answer is a redirect, which the client does not follow.
    #[error(
        "odoo's address redirects to `{location}`: set ODOO_URL to the address at which odoo answers directly"
    )]
    Redirect {
        /// The target of the redirect.
        location: String,
    },
    /// A proxy reports that Odoo is not available (status 502, 503 or 504).
    #[error("odoo is not available (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is not JSON. Perhaps the address is not Odoo's.
    #[error("the answer is not from odoo's api: status {status}, content type `{content_type}`")]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// The content type.
        content_type: String,
    },
    /// The answer is declared as JSON but is not valid.
    #[error("odoo's answer is not valid json")]
    Malformed,
    /// The answer exceeds the size limit.
    #[error("odoo's answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

fn databases(found: usize) -> String {
    match found {
        0 => "odoo does not list its databases".into(),
        found => format!("odoo has {found} databases"),
    }
}

/// The settings to check after a rejected login.
fn advice(config: &OdooConfig) -> &'static str {
    match (&config.credential, config.transport) {
        (OdooCredential::ApiKey(_), TransportChoice::Forced(Transport::Session)) => {
            "an api key cannot open a session; set ODOO_RPC_TRANSPORT to auto"
        }
        (OdooCredential::Password(_), TransportChoice::Forced(Transport::Json2)) => {
            "JSON-2 accepts only api keys; set ODOO_API_KEY, or set ODOO_RPC_TRANSPORT to auto"
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
    /// The error for a configured database that does not exist.
    pub(crate) fn unknown_database(config: &OdooConfig) -> Self {
        OdooError::UnknownDatabase { database: config.database_name().into() }
    }

    /// The error for rejected credentials.
    pub(crate) fn refused(config: &OdooConfig) -> Self {
        OdooError::Credentials { database: config.database_name().into(), advice: advice(config) }
    }

    /// May a write have been carried out in spite of the error? That is so if it was sent but got no valid
    /// answer.
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        match self {
            OdooError::Fault(fault) => fault.may_have_been_done(),
            OdooError::Unexpected { .. } => true,
            _ => false,
        }
    }

    /// Did Odoo reject the credentials, or do they belong to another user?
    #[must_use]
    pub fn is_refused_login(&self) -> bool {
        matches!(
            self,
            OdooError::Credentials { .. } | OdooError::LoginRefused { .. } | OdooError::OtherUser { .. }
        )
    }

    /// May the same call succeed later without a change?
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
    /// May the same call succeed later without a change?
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

    /// Did the connection fail, so that an immediate retry of a read may succeed?
    pub(crate) fn is_connection_failure(&self) -> bool {
        matches!(self, Fault::Unreachable { .. } | Fault::Broken)
    }

    /// May Odoo have received the call, and carry it out or have done so?
    pub(crate) fn may_have_been_done(&self) -> bool {
        !matches!(
            self,
            Fault::Unreachable { .. }
                | Fault::Busy { .. }
                | Fault::Resting
                | Fault::Cancelled
                | Fault::Redirect { .. }
        )
    }

    /// Does the fault count as a failure of the server for the circuit breaker?
    pub(crate) fn is_server_failure(&self) -> bool {
        matches!(
            self,
            Fault::Unreachable { .. } | Fault::Broken | Fault::Timeout { .. } | Fault::Unavailable { .. }
        )
    }
}
