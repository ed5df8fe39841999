//! `Failure`: why a command ended early, and what to do next.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use erp_db::{ConnectError, ReadError, StatementError, StoreError};

use crate::backend::BackendError;

/// The exit status when data was refused.
pub(crate) const REFUSED: u8 = 1;
/// The exit status when nothing could be done.
pub(crate) const NOTHING_DONE: u8 = 2;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
    advice: Option<String>,
}

impl Failure {
    /// The data was refused.
    pub(crate) fn refused(cause: &dyn Error) -> Self {
        Failure { status: REFUSED, message: cause.to_string(), advice: None }
    }

    /// Nothing could be done.
    pub(crate) fn nothing_done(cause: impl ToString) -> Self {
        Failure { status: NOTHING_DONE, message: cause.to_string(), advice: None }
    }

    pub(crate) fn no_runtime(cause: io::Error) -> Self {
        Self::nothing_done(format!("this process cannot start: {cause}"))
    }

    /// The same failure with what to do next.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What to do next, if that is known.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// Tells the person at the terminal.
    pub(crate) fn report(&self) -> ExitCode {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{style}error{style:#}: {}", self.message);
        if let Some(advice) = &self.advice {
            anstream::eprintln!("{advice}");
        }
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let failure = Self::nothing_done(&error);
        match advice_to_connect(&error) {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }
}

/// What to do where a database cannot be opened.
fn advice_to_connect(error: &ConnectError) -> Option<&'static str> {
    Some(match error {
        ConnectError::UnknownScheme { .. } | ConnectError::InvalidUrl { .. } => {
            "For example: sqlite:erp.db, or postgres://user:password@localhost/openbravo"
        }
        ConnectError::Database(StatementError::Encryption { .. }) => {
            "docs/operations.md tells how a PostgreSQL URL names certificates (sslmode, sslrootcert)."
        }
        ConnectError::Database(error) if error.is_transient() => {
            "Is the server running, and are host and port right?"
        }
        ConnectError::Database(error) => match error.code()? {
            "28P01" | "28000" => {
                "Are user and password of the URL right, and does the server's pg_hba.conf let this user in?"
            }
            "3D000" => "Is the name of the database right?",
            _ => return None,
        },
        _ => return None,
    })
}

/// The session store cannot be used.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::nothing_done(&error);
        let advice = match &error {
            StoreError::Connect(error) => advice_to_connect(error),
            StoreError::Database(error) if error.is_transient() => {
                Some("Is the server running, or does another process use the file?")
            }
            _ => None,
        };
        failure.advise(advice.unwrap_or("Sessions and passwords are kept where --store-url says."))
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Tree { .. } | ReadError::InvalidId { .. } => Self::refused(&error),
            ReadError::UnknownClient { .. } => Self::refused(&error).advise("`orgcache tree` without --client shows all clients."),
            ReadError::MissingTable { .. } | ReadError::MissingColumn { .. } => Self::nothing_done(&error)
                .advise("Is this an Openbravo or Etendo database, and does the user see its schema (search_path)?"),
            _ => Self::nothing_done(&error),
        }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Database(error) => error.into(),
            BackendError::Odoo(error) => Self::nothing_done(&error),
            BackendError::Companies(error) => Self::refused(&error),
            BackendError::UnknownClient { .. } => {
                Self::refused(&error).advise("`orgcache tree` without --client shows the client.")
            }
        }
    }
}

/// Writing the answer failed. A reader that has seen enough (`orgcache | head`) is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        Self::nothing_done(format!("the answer cannot be written: {error}"))
    }
}
