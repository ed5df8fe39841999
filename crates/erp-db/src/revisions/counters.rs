//! `Counters`: reading revisions.

use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
use crate::database::{Database, DatabaseKind, Row, StatementError};
use crate::text::can_be_id;

/// Reads revisions, by one statement where they are kept and by another where they are not.
#[derive(Debug)]
pub(crate) struct Counters {
    database: Database,
    /// Whether the table of counters was there when it was last looked for.
    seen: AtomicBool,
}

impl Counters {
    pub(crate) fn new(database: Database) -> Self {
        Counters { database, seen: AtomicBool::new(false) }
    }

    /// The revision of a client's tree; `None` if none are kept, or if a trigger is missing or disabled.
    pub(crate) async fn revision(&self, client: &str) -> Result<Option<i64>, StatementError> {
        if !can_be_id(client) {
            return Ok(None);
        }
        if self.seen.load(Ordering::Relaxed) {
            match self.read(client).await {
                // They may have been removed since.
                Err(StatementError::Refused { .. }) => {}
                answer => return answer,
            }
        }
        let there = self.are_there().await?;
        self.seen.store(there, Ordering::Relaxed);
        if there { self.read(client).await } else { Ok(None) }
    }

    async fn are_there(&self) -> Result<bool, StatementError> {
        let statement = match self.database.kind() {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite => sqlite::THERE,
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres => postgres::THERE,
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => return Ok(false),
        };
        self.database.has_row(statement).await
    }

    /// Whether there is any trigger, of this version or an earlier one.
    pub(super) async fn are_installed(&self) -> Result<bool, StatementError> {
        let statement = match self.database.kind() {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite => sqlite::INSTALLED,
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres => postgres::INSTALLED,
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => return Ok(false),
        };
        self.database.has_row(statement).await
    }

    async fn read(&self, client: &str) -> Result<Option<i64>, StatementError> {
        let (statement, triggers) = match self.database.kind() {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite => (sqlite::STATE, sqlite::TRIGGERS),
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres => (postgres::STATE, postgres::TRIGGERS),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => return Ok(None),
        };
        let answer = self.database.first(statement, &[Some(client)], |row| state(row, triggers)).await?;
        Ok(answer.flatten())
    }
}

/// One number for the state of the triggers and both counters with their marks: the same only if nothing of
/// it changed.
fn state(row: Row<'_>, triggers: i64) -> Result<Option<i64>, StatementError> {
    if row.integer(0)? != Some(triggers) {
        return Ok(None);
    }
    let (Some(installed), Some(all)) = (row.text(1)?, row.text(2)?) else { return Ok(None) };
    // A client that nothing was counted for has no row.
    let own = row.text(3)?.unwrap_or("0");
    let hash = blake3::hash(format!("{installed} {all} {own}").as_bytes());
    Ok(hash.as_bytes().first_chunk().map(|head| i64::from_le_bytes(*head)))
}
