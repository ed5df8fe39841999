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
    /// The store's tables do not exist, or are older than this version needs.
    #[error(
        "{place} has the session store's tables in version {found}, but this program needs {needed}; migrate the store"
    )]
    NotMigrated {
        /// The database.
        place: String,
        /// The version of the tables, 0 if they do not exist.
        found: i64,
        /// The version that this program needs.
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
    /// The SQLite file of a store cannot be created.
    #[error("`{}` cannot be created: {cause}", file.display())]
    NotCreated {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// The URL opens the SQLite file read-only (`mode=ro`, `immutable`).
    #[error("`{}` is opened read-only, but a store writes: remove `mode=ro` and `immutable` from the URL", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// The SQLite file has hard links.
    #[error(
        "`{}` has hard links, through which two processes could open it without detecting each other: remove the links",
        file.display()
    )]
    HardLinks {
        /// The file.
        file: PathBuf,
    },
    /// The lock file of an SQLite file cannot be created or locked.
    #[error("`{}` cannot be locked: {cause}", file.display())]
    Lock {
        /// The lock file.
        file: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
}

impl StoreError {
    /// Can a retry succeed while options, tables and privileges stay the same?
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
