//! `ReadError`: why a question about an ERP could not be answered.

use org_structure::{BuildError, InvalidId};

use crate::backend::StatementError;

/// Why a question about an ERP could not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no client of that id.
    #[error("there is no client `{client}` in {place}")]
    UnknownClient {
        /// The database.
        place: String,
        /// The id asked for, cut after 64 bytes.
        client: String,
    },
    /// A table that the answer needs is not in the database.
    #[error("{place} has no table `{table}`")]
    MissingTable {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
    },
    /// A column that the answer needs is not in its table.
    #[error("table `{table}` of {place} has no column `{column}`")]
    MissingColumn {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A column holds a text that cannot be an organization id.
    #[error("column `{column}` of table `{table}` in {place}: {cause}")]
    InvalidId {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        #[source]
        cause: InvalidId,
    },
    /// The rows of a client form no tree.
    #[error("the organization tree of client `{client}` in {place} is damaged: {cause}")]
    Tree {
        /// The database.
        place: String,
        /// The client.
        client: String,
        /// What is wrong with the rows.
        #[source]
        cause: BuildError,
    },
    /// The process is shutting down: the thread that was to build the tree did not run.
    #[error("the tree of client `{client}` was not built: this process is shutting down")]
    ShuttingDown {
        /// The client.
        client: String,
    },
    /// The database did not answer, or refused to.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl ReadError {
    /// May the same call succeed later, with the same data, tables and rights?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            ReadError::Database(error) => error.is_transient(),
            _ => false,
        }
    }
}
