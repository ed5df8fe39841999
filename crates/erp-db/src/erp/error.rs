//! `ReadError`: why a read of an ERP failed.

use org_structure::{BuildError, ClientId, InvalidId};

use crate::backend::StatementError;

/// Why a read of an ERP failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The client does not exist.
    #[error("there is no client `{client}` in {place}")]
    UnknownClient {
        /// The database.
        place: String,
        /// The requested id.
        client: ClientId,
    },
    /// The database lacks a table that the answer needs.
    #[error("{place} has no table `{table}`")]
    MissingTable {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
    },
    /// A table lacks a column that the answer needs.
    #[error("table `{table}` of {place} has no column `{column}`")]
    MissingColumn {
        /// The database.
        place: String,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A column contains a text that is not a valid organization id.
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
        client: ClientId,
        /// What is wrong with the rows.
        #[source]
        cause: BuildError,
    },
    /// The process is shutting down, and the tree was not built.
    #[error("the tree of client `{client}` was not built: this process is shutting down")]
    ShuttingDown {
        /// The client.
        client: ClientId,
    },
    /// The database did not answer, or refused the read.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl ReadError {
    /// May the same call succeed later, with the same data, tables and privileges?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            ReadError::Database(error) => error.is_transient(),
            _ => false,
        }
    }
}
