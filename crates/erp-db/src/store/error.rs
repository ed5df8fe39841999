//! `StoreError`: why a store cannot be opened.

use std::io;
use std::path::PathBuf;

use crate::backend::{ConnectError, StatementError};

/// Why a store cannot be opened or its tables cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database refused, or did not answer.
    #[error(transparent)]
    Database(#[from] StatementError),
    /// The store's tables are not there, or are older than this version needs.
    #[error(
        "{place} has the session store's tables in version {found}, and this program needs {needed}; migrate it"
    )]
    NotMigrated {
        /// The database.
        place: String,
        /// The version of the tables, 0 if there are none.
        found: i64,
        /// The version that is needed.
        needed: i64,
    },
    /// Another process, or another store of this one, uses the SQLite file.
    #[error(
        "`{}` is in use by another session store: an SQLite file serves one process, a PostgreSQL database any number",
        file.display()
    )]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// The SQLite file of a store cannot be made.
    #[error("`{}` cannot be created: {cause}", file.display())]
    NotCreated {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The URL opens the SQLite file for reading alone (`mode=ro`, `immutable`).
    #[error("`{}` is opened for reading alone, and a store writes: leave `mode=ro` and `immutable` out", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// The SQLite file has several names.
    #[error(
        "`{}` has hard links, by which two processes would write to it without seeing each other: remove them",
        file.display()
    )]
    HardLinks {
        /// The file.
        file: PathBuf,
    },
    /// The file that keeps other processes away from an SQLite file cannot be made or locked.
    #[error("`{}` cannot be locked: {cause}", file.display())]
    Lock {
        /// The lock file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

impl StoreError {
    /// Whether a retry can succeed while options, tables and rights stay as they are.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Connect(error) => error.is_transient(),
            StoreError::Database(error) => error.is_transient(),
            StoreError::InUse { .. } => true,
            _ => false,
        }
    }
}

impl From<StatementError> for session::PortError {
    fn from(error: StatementError) -> Self {
        if error.is_transient() { Self::transient(error) } else { Self::permanent(error) }
    }
}
