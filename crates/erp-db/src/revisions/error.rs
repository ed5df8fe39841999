//! `RevisionsError`: why triggers could not be installed.

use crate::backend::StatementError;

/// Why revisions could not be installed or removed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionsError {
    /// A table of the tree does not exist, or is a view or another object that cannot be watched.
    #[error("`{table}` in {place} is not a plain table, so its changes cannot be counted")]
    NotATable {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
    },
    /// The database refuses the query by which a trigger would find the clients that a change concerns. The
    /// trigger would make the ERP's own statements fail.
    #[error(
        "changes of `{table}` cannot be counted, because its columns have other names or types than the ERP's: {cause}"
    )]
    NotCountable {
        /// The table.
        table: &'static str,
        /// The error of the database.
        #[source]
        cause: StatementError,
    },
    /// The database refused, or did not answer.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl RevisionsError {
    /// Can a retry succeed while tables and privileges stay the same?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, RevisionsError::Database(error) if error.is_transient())
    }
}
