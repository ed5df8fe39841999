//! `RevisionsError`: why triggers could not be installed.

use crate::backend::StatementError;

/// Why revisions could not be installed or removed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionsError {
    /// One of the tables that a tree is read from is not there, or is a view or something else that cannot be
    /// watched.
    #[error("`{table}` in {place} is not a plain table, so its changes cannot be counted")]
    NotATable {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
    },
    /// The database refuses the query by which a trigger would find the clients whose trees a change
    /// concerns. The trigger would make the ERP's own statements fail.
    #[error(
        "changes of `{table}` cannot be counted, as its columns have other names or types than the ERP's: {cause}"
    )]
    NotCountable {
        /// The table.
        table: &'static str,
        /// What the database says.
        #[source]
        cause: StatementError,
    },
    /// The database refused, or did not answer.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl RevisionsError {
    /// Whether a retry can succeed while tables and rights stay as they are.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, RevisionsError::Database(error) if error.is_transient())
    }
}
