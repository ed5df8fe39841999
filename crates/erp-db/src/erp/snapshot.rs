//! Several statements that read one moment of the database.

use super::{ErpReader, ReadError};
use crate::backend::{StatementError, Transaction, Work};

impl ErpReader {
    /// Begins to read with several statements at one moment of the database.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'_>, StatementError> {
        self.database().begin_to(Work::Reads).await
    }
}

/// Reads, and once more if the connection is lost meanwhile.
pub(crate) async fn repeat_if_lost<T, F>(read: impl Fn() -> F) -> Result<T, ReadError>
where
    F: Future<Output = Result<T, ReadError>>,
{
    match read().await {
        Err(ReadError::Database(error)) if error.lost_connection() => read().await,
        outcome => outcome,
    }
}
