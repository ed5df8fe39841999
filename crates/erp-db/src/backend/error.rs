//! `ConnectError` and `StatementError`: why a database cannot be opened, and why a statement failed.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// A driver's error as the cause, without exposing the driver in this crate's interface.
type Cause = Box<dyn Error + Send + Sync>;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text has no scheme. The message does not repeat it: it may contain a password.
    #[error("a database URL begins with `sqlite:` or `postgres:`")]
    NoScheme,
    /// No driver has this scheme.
    #[error("`{scheme}` is not a database scheme; use `sqlite:` or `postgres:`")]
    UnknownScheme {
        /// The text before the first colon, cut after 20 characters.
        scheme: String,
    },
    /// The driver is not part of this build.
    #[error("this build does not support {product}: it was compiled without the feature `{feature}`")]
    DriverLeftOut {
        /// The product that the URL names.
        product: &'static str,
        /// The feature that includes its driver.
        feature: &'static str,
    },
    /// The URL has a known scheme but is malformed.
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
    /// No server answers, the connection broke, or the server is shutting down or overloaded.
    #[error("{place} cannot be reached: {cause}")]
    Unreachable {
        /// The database, without password.
        place: String,
        /// The error of the driver.
        #[source]
        cause: Cause,
    },
    /// The connection cannot be encrypted: the server's certificate is missing or not trusted.
    #[error("{place} cannot be reached by TLS: {problem}")]
    Encryption {
        /// The database, without password.
        place: String,
        /// What is wrong, usually with the certificate.
        problem: String,
    },
    /// The answer took longer than [`ConnectionLimits`](crate::ConnectionLimits) allow.
    #[error("{place} did not answer within {limit:?}")]
    TimedOut {
        /// The database, without password.
        place: String,
        /// The exceeded limit.
        limit: Duration,
    },
    /// The database refused: a missing privilege, a wrong password, a corrupt file, a constraint.
    #[error("{place} refused: {cause}")]
    Refused {
        /// The database, without password.
        place: String,
        /// The error of the database.
        #[source]
        cause: Cause,
    },
    /// A row with the same unique key exists.
    #[error("{place} already has a row with this key: {cause}")]
    Conflict {
        /// The database, without password.
        place: String,
        /// The error of the database, which names the key.
        #[source]
        cause: Cause,
    },
    /// A value does not have the type that its column must have.
    #[error("{place} returned a value of column `{column}`{} that cannot be read: {cause}", of_table(table.as_deref()))]
    Value {
        /// The database, without password.
        place: String,
        /// The table, if it can be determined.
        table: Option<String>,
        /// The column.
        column: String,
        /// The error of the driver.
        #[source]
        cause: Cause,
    },
}

fn of_table(table: Option<&str>) -> String {
    table.map(|table| format!(" of table `{table}`")).unwrap_or_default()
}

impl StatementError {
    /// May the same statement succeed later, with the same data and privileges?
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

    /// The code of a refusal, on PostgreSQL its SQLSTATE; `None` if the database gave none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let (StatementError::Refused { cause, .. } | StatementError::Unreachable { cause, .. }) = self else {
            return None;
        };
        cause.downcast_ref::<DatabaseMessage>().map(|message| message.code.as_str())
    }

    /// Does the statement violate a foreign key?
    pub(crate) fn breaks_reference(&self) -> bool {
        self.code() == Some("23503")
    }

    /// Did the connection end before the answer? If so, the statement may or may not have been executed.
    pub(crate) fn lost_connection(&self) -> bool {
        let StatementError::Unreachable { cause, .. } = self else { return false };
        let is_fatal = |error: &DatabaseMessage| {
            error.code.starts_with("08") || ENDS_CONNECTION.contains(&error.code.as_str())
        };
        cause.downcast_ref::<DatabaseMessage>().map_or(cause.is::<sqlx::Error>(), is_fatal)
    }

    /// Classifies a driver's error.
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
                // The code helps to look the condition up. The position in the server's source code does not.
                let message = error.message().to_owned();
                let is_unique_violation = error.is_unique_violation();
                let cause = Box::new(DatabaseMessage { message, code: code.clone() });
                // PostgreSQL cancelled the statement at our own time limit.
                if code == "57014" {
                    StatementError::TimedOut { place, limit }
                } else if is_unique_violation {
                    StatementError::Conflict { place, cause }
                } else if is_transient_code(&code) {
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

/// The error message of a database.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({code})")]
struct DatabaseMessage {
    message: String,
    code: String,
}

/// SQLSTATEs with which PostgreSQL ends a connection: shutdown, crash, idle timeout, and timeouts of an idle
/// or long transaction.
const ENDS_CONNECTION: [&str; 5] = ["57P01", "57P02", "57P05", "25P03", "25P04"];

/// Codes of transient conditions. SQLSTATEs have five characters, SQLite's codes never do when
/// reduced to their primary part.
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        // Connection problems, lack of resources, operator intervention, serialization, deadlock, lock
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
    fn transient_conditions_are_recognized() {
        for code in [
            "08006", "53300", "57P01", "57P03", "25P03", "25P04", "40001", "40P01", "55P03", "5", "517",
            "10", "13",
        ] {
            assert!(is_transient_code(code), "{code}");
        }
        for code in
            ["42501", "28P01", "3D000", "25P02", "42P01", "23505", "14", "26", "1555", "2067", "8", ""]
        {
            assert!(!is_transient_code(code), "{code}");
        }
    }
}
