//! `ConnectError` and `StatementError`: why a database cannot be opened, and why a statement failed.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// An error of a driver, kept as the cause without making the driver part of this crate's interface.
type Cause = Box<dyn Error + Send + Sync>;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text has no scheme. It is not repeated: it may hold a password.
    #[error("a database URL begins with `sqlite:` or `postgres:`")]
    NoScheme,
    /// No driver has this scheme.
    #[error("`{scheme}` is no database URL; one begins with `sqlite:` or `postgres:`")]
    UnknownScheme {
        /// What stands before the first colon, cut after 20 characters.
        scheme: String,
    },
    /// The driver was left out of this build.
    #[error("this build cannot speak to {product}: it was made without the feature `{feature}`")]
    DriverLeftOut {
        /// The product that the URL names.
        product: &'static str,
        /// The feature that brings its driver.
        feature: &'static str,
    },
    /// The URL has a known scheme, but is malformed.
    #[error("the {product} URL cannot be used: {reason}")]
    InvalidUrl {
        /// The product that the URL names.
        product: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The SQLite file does not exist.
    #[error("there is no SQLite file `{}`; `?mode=rwc` at the end of the URL creates it", file.display())]
    NoSuchFile {
        /// The file.
        file: PathBuf,
    },
    /// Opening the database failed.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl ConnectError {
    /// May the same call succeed later, with the same URL and build?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, ConnectError::Database(error) if error.is_transient())
    }
}

/// Why a statement, or opening a connection for it, failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// No server answers, the connection broke, or the server is shutting down or too busy.
    #[error("{place} cannot be reached: {cause}")]
    Unreachable {
        /// The database, without password.
        place: String,
        /// What the driver said.
        #[source]
        cause: Cause,
    },
    /// The connection cannot be encrypted: the server's certificate is missing or not trusted.
    #[error("{place} cannot be reached by TLS: {problem}")]
    Encryption {
        /// The database, without password.
        place: String,
        /// What is wrong, with the certificate as a rule.
        problem: String,
    },
    /// The answer took longer than [`ConnectionLimits`](crate::ConnectionLimits) allow.
    #[error("{place} did not answer within {limit:?}")]
    TimedOut {
        /// The database, without password.
        place: String,
        /// The limit that was passed.
        limit: Duration,
    },
    /// The database refused: a missing right, a wrong password, a broken file, a constraint.
    #[error("{place} refused: {cause}")]
    Refused {
        /// The database, without password.
        place: String,
        /// What the database said.
        #[source]
        cause: Cause,
    },
    /// A row with the same unique key exists.
    #[error("{place} has such a row already: {cause}")]
    Conflict {
        /// The database, without password.
        place: String,
        /// What the database said; it names the key.
        #[source]
        cause: Cause,
    },
    /// A row has a value of another kind than the column must hold.
    #[error("{place} returned a value of column `{column}`{} that cannot be read: {cause}", of_table(table.as_deref()))]
    Value {
        /// The database, without password.
        place: String,
        /// The table, where it can be told.
        table: Option<String>,
        /// The column.
        column: String,
        /// What the driver said.
        #[source]
        cause: Cause,
    },
}

fn of_table(table: Option<&str>) -> String {
    table.map(|table| format!(" of table `{table}`")).unwrap_or_default()
}

impl StatementError {
    /// May the same statement succeed later, with the same data and rights?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        // A server's certificate may be renewed.
        matches!(
            self,
            StatementError::Unreachable { .. }
                | StatementError::TimedOut { .. }
                | StatementError::Encryption { .. }
        )
    }

    /// The code of a refusal, on PostgreSQL its SQLSTATE; `None` where the database gave none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let (StatementError::Refused { cause, .. } | StatementError::Unreachable { cause, .. }) = self else {
            return None;
        };
        cause.downcast_ref::<DatabaseMessage>().map(|message| message.code.as_str())
    }

    /// Is a row missing that another one must refer to, or is one referred to that was to be deleted?
    pub(crate) fn breaks_reference(&self) -> bool {
        self.code() == Some("23503")
    }

    /// Whether the connection ended before the answer. What was sent may have been done or not.
    pub(crate) fn lost_connection(&self) -> bool {
        let StatementError::Unreachable { cause, .. } = self else { return false };
        let is_fatal = |error: &DatabaseMessage| {
            error.code.starts_with("08") || ENDS_CONNECTION.contains(&error.code.as_str())
        };
        cause.downcast_ref::<DatabaseMessage>().map_or(cause.is::<sqlx::Error>(), is_fatal)
    }

    /// Sorts a driver's error.
    pub(crate) fn new(place: &str, limit: Duration, error: sqlx::Error) -> Self {
        let place = place.to_owned();
        #[cfg(feature = "postgres")]
        if let Some(problem) = super::postgres::problem(&error) {
            return StatementError::Encryption { place, problem };
        }
        match error {
            sqlx::Error::PoolTimedOut => StatementError::TimedOut { place, limit },
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default().into_owned();
                // The code helps to look the condition up; where in its own source the server noticed does
                // not.
                let message = error.message().to_owned();
                let is_unique_violation = error.is_unique_violation();
                let cause = Box::new(DatabaseMessage { message, code: code.clone() });
                // A statement that PostgreSQL cancelled at our own limit.
                if code == "57014" {
                    StatementError::TimedOut { place, limit }
                } else if is_unique_violation {
                    StatementError::Conflict { place, cause }
                } else if is_passing(&code) {
                    StatementError::Unreachable { place, cause }
                } else {
                    StatementError::Refused { place, cause }
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => StatementError::Unreachable { place, cause: error.into() },
            sqlx::Error::ColumnDecode { index, source } => {
                StatementError::Value { place, table: None, column: index, cause: source }
            }
            other => StatementError::Refused { place, cause: other.into() },
        }
    }
}

/// What a database says.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({code})")]
struct DatabaseMessage {
    message: String,
    code: String,
}

/// Codes with which PostgreSQL ends a connection: it shuts down, it crashed, the connection was idle for too
/// long, or a transaction was idle or open for too long.
const ENDS_CONNECTION: [&str; 5] = ["57P01", "57P02", "57P05", "25P03", "25P04"];

/// Codes of transient conditions. SQLSTATEs have five characters, SQLite's codes never do when
/// reduced to their primary part.
fn is_passing(code: &str) -> bool {
    if code.len() == 5 {
        // Connection trouble, lack of resources, operator intervention, serialization, deadlock, lock
        // timeout.
        return ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
            || ["40001", "40P01", "55P03"].contains(&code)
            || ENDS_CONNECTION.contains(&code);
    }
    // The low byte is the primary code: busy 5, locked 6, out of memory 7, interrupted 9, disk I/O 10, disk
    // full 13, protocol 15.
    code.parse::<u32>().is_ok_and(|code| [5, 6, 7, 9, 10, 13, 15].contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_conditions_are_told_from_lasting_ones() {
        for code in [
            "08006", "53300", "57P01", "57P03", "25P03", "25P04", "40001", "40P01", "55P03", "5", "517",
            "10", "13",
        ] {
            assert!(is_passing(code), "{code}");
        }
        for code in
            ["42501", "28P01", "3D000", "25P02", "42P01", "23505", "14", "26", "1555", "2067", "8", ""]
        {
            assert!(!is_passing(code), "{code}");
        }
    }
}
