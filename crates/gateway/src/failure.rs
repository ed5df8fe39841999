//! `Failure`: why a command failed, and what to do next.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use erp_db::{ConnectError, ReadError, StatementError, StoreError};

use crate::backend::BackendError;

/// Exit status: data was refused.
pub(crate) const REFUSED: u8 = 1;
/// Exit status: nothing was done.
pub(crate) const NOTHING_DONE: u8 = 2;
/// Exit status: nothing was done, but a retry may succeed (`EX_TEMPFAIL` of sysexits.h). The unit retries
/// after this status and not after [`NOTHING_DONE`].
pub(crate) const TRY_AGAIN: u8 = 75;

/// The failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
    advice: Option<String>,
}

impl Failure {
    /// Data was refused.
    pub(crate) fn refused(cause: &dyn Error) -> Self {
        Failure { status: REFUSED, message: cause.to_string(), advice: None }
    }

    /// Nothing was done.
    pub(crate) fn nothing_done(cause: impl ToString) -> Self {
        Failure { status: NOTHING_DONE, message: cause.to_string(), advice: None }
    }

    /// Adds what to do next.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Sets the exit status [`TRY_AGAIN`] if the cause is transient.
    pub(crate) fn if_transient(mut self, is_transient: bool) -> Self {
        if is_transient {
            self.status = TRY_AGAIN;
        }
        self
    }

    /// What to do next, if known.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// Writes the failure to standard error. Returns its exit status.
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
        // Transient, because a failover promotes the standby.
        let is_standby = matches!(&error, ConnectError::Database(error) if error.code() == Some("25006"));
        let failure = Self::nothing_done(&error).if_transient(error.is_transient() || is_standby);
        match advice_to_connect(&error) {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }
}

impl From<StatementError> for Failure {
    fn from(error: StatementError) -> Self {
        ConnectError::from(error).into()
    }
}

/// What to do if a database cannot be opened.
fn advice_to_connect(error: &ConnectError) -> Option<&'static str> {
    match error {
        ConnectError::NoScheme | ConnectError::UnknownScheme { .. } | ConnectError::InvalidUrl { .. } => {
            Some(
                "Write it as sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE, and `/`, `@`, `#` and `%` of a \
             password as %2F, %40, %23 and %25.",
            )
        }
        ConnectError::Database(error) => advice_on_statement(error),
        _ => None,
    }
}

/// What to do if a database refuses a statement or does not answer.
fn advice_on_statement(error: &StatementError) -> Option<&'static str> {
    let code = error.code().unwrap_or_default();
    // SQLite's codes are shorter than SQLSTATEs. Their low byte is the primary code.
    let sqlite = code.parse::<u16>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
    Some(match (error, code, sqlite) {
        (StatementError::Encryption { .. }, ..) => {
            "docs/operations.md describes how a PostgreSQL URL names certificates (sslmode, sslrootcert)."
        }
        (_, "28P01" | "28000", _) => {
            "Are user and password of the URL right, and does the server's pg_hba.conf let this user in?"
        }
        (_, "3D000", _) => "Is the name of the database right?",
        (_, "25006", _) => "Name the primary: this is a standby, or the role's transactions are read-only.",
        (_, "53300", _) => "Raise the limit of connections of the server, the database or the role.",
        (_, "08P01", _) => {
            "Is this a proxy that pools transactions? Name the server itself with --store-direct-url."
        }
        (.., Some(5 | 6)) => "Does another process use the file?",
        (.., Some(8 | 14)) => "Does its folder exist, and may this user open the file and write beside it?",
        (.., Some(10 | 13)) => "Is the disk full?",
        _ if error.is_transient() => "Is the server running, and are host and port right?",
        _ => return None,
    })
}

/// The session store cannot be used.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let advice = match &error {
            StoreError::Connect(error) => advice_to_connect(error),
            StoreError::Database(error) => advice_on_statement(error),
            StoreError::NotCreated { .. } | StoreError::Lock { .. } => {
                Some("Does its folder exist, and may this user write there?")
            }
            _ => None,
        };
        let is_standby = matches!(&error, StoreError::Database(error) if error.code() == Some("25006"));
        let place = "Sessions and passwords are kept where --store-url says.";
        Self::nothing_done(&error)
            .if_transient(error.is_transient() || is_standby)
            .advise(advice.map_or(place.to_owned(), |advice| format!("{advice}\n{place}")))
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Tree { .. } | ReadError::InvalidId { .. } => Self::refused(&error),
            ReadError::MissingTable { .. } | ReadError::MissingColumn { .. } => Self::nothing_done(&error)
                .advise("Is this an Openbravo or Etendo database, and does the user see its schema (search_path)?"),
            ReadError::Database(error) => error.into(),
            _ => Self::nothing_done(&error),
        }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Database(error) => error.into(),
            BackendError::Odoo(error) => Self::nothing_done(&error).if_transient(error.is_transient()),
            BackendError::Companies(error) => Self::refused(&error),
            BackendError::UnknownClient { .. } => Self::nothing_done(&error),
        }
    }
}

/// Writing the output failed. A closed pipe (`orgcache | head`) does not count as a failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        Self::nothing_done(format!("the answer cannot be written: {error}"))
    }
}
