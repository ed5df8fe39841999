//! `Counters`: reading revisions.

use std::sync::atomic::{AtomicBool, Ordering};

use session::{ClientId, Revision};
use sqlx::AssertSqlSafe;

use crate::backend::{Database, RevisionDialect, Row, StatementError, Value};

/// Reads the revisions of the counters.
#[derive(Debug)]
pub(crate) struct Counters {
    database: Database,
    /// Did the table of counters exist at the last check?
    seen: AtomicBool,
}

impl Counters {
    pub(crate) fn new(database: Database) -> Self {
        Counters { database, seen: AtomicBool::new(false) }
    }

    /// The revision of a client's tree; `None` if none are kept, or if a trigger is missing or disabled.
    pub(crate) async fn revision(&self, client: ClientId) -> Result<Option<Revision>, StatementError> {
        if !self.are_seen() {
            self.set_seen(self.database.has_row(self.counters_exist()).await?);
        }
        Ok(self.read(client, "NULL").await?.and_then(|(revision, _)| revision))
    }

    pub(crate) fn are_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    pub(crate) fn set_seen(&self, seen: bool) {
        self.seen.store(seen, Ordering::Relaxed);
    }

    fn words(&self) -> &'static RevisionDialect {
        &self.database.dialect().revisions
    }

    /// The statement that returns a row if the counters exist.
    pub(crate) fn counters_exist(&self) -> &'static str {
        self.words().counters_exist
    }

    /// Is there any trigger, of this version or an earlier one?
    pub(super) async fn are_installed(&self) -> Result<bool, StatementError> {
        self.database.has_row(self.words().installed).await
    }

    /// The revision of a client's tree and the text of an expression about that client, `$1`, in one
    /// snapshot, if the counters exist and can be read.
    pub(crate) async fn read(
        &self,
        client: ClientId,
        expression: &str,
    ) -> Result<Option<(Option<Revision>, Option<String>)>, StatementError> {
        if !self.are_seen() {
            return Ok(None);
        }
        let words = self.words();
        let statement = words.with_state(expression);
        let read = |row: Row<'_>| Ok((revision(row, words.triggers)?, row.text(4)?.map(str::to_owned)));
        match self.database.first(AssertSqlSafe(statement), &[Value::Text(client.as_str())], read).await {
            // They may have been removed since.
            Err(StatementError::Refused { .. }) => {
                self.set_seen(false);
                Ok(None)
            }
            answer => answer,
        }
    }
}

/// The state of the triggers and both counters with their marks: equal only if none of them changed.
fn revision(row: Row<'_>, triggers: i64) -> Result<Option<Revision>, StatementError> {
    if row.integer(0)? != Some(triggers) {
        return Ok(None);
    }
    let (Some(installed), Some(every)) = (row.text(1)?, row.text(2)?) else { return Ok(None) };
    // A client without counted changes has no row.
    let own = row.text(3)?.unwrap_or("0");
    let hash = blake3::hash(format!("{installed} {every} {own}").as_bytes());
    Ok(Some(Revision::from_hash(*hash.as_bytes())))
}
