//! Several statements in one snapshot of the database.

use super::{ErpReader, ReadError};
use crate::backend::{StatementError, Transaction, Work};

impl ErpReader {
    /// Begins a read-only snapshot for several statements.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'_>, StatementError> {
        self.database().begin_to(Work::Reads).await
    }
}

/// Reads, and retries once if the connection is lost.
pub(crate) async fn repeat_if_lost<T, F>(read: impl Fn() -> F) -> Result<T, ReadError>
where
    F: Future<Output = Result<T, ReadError>>,
{
    match read().await {
        Err(ReadError::Database(error)) if error.lost_connection() => read().await,
        outcome => outcome,
    }
}
