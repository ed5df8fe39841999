//! Installs the counters in an ERP's database, and removes them.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::error::RevisionsError;
use super::table::{Tables, WATCHED};
use crate::backend::{Database, StatementError, Transaction};

/// Installs counters and triggers, or repairs existing ones. Concurrent calls are safe.
///
/// The triggers never make a statement of the ERP fail, for any types of its columns: if they would,
/// nothing is installed.
///
/// On PostgreSQL this needs the owner of the `ad_*` tables, the privilege to create a schema `orgcache` if it
/// does not exist, and a connection to the server itself. Every user may read the counters. Writers wait
/// while it runs.
///
/// # Errors
/// [`RevisionsError`]. In that case nothing was changed.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let database = erp_db::Database::connect("postgres://owner:secret@db.example.org/openbravo").await?;
/// erp_db::revisions::install(&database).await?;
/// assert!(erp_db::revisions::are_kept(&database).await?);
/// # Ok(())
/// # }
/// ```
pub async fn install(database: &Database) -> Result<(), RevisionsError> {
    let words = &database.dialect().revisions;
    let mut transaction = begin(database).await?;
    let mut schemas = BTreeMap::new();
    transaction
        .each(words.tables, &[], |row| {
            if row.text(2)? == Some("r") {
                schemas.insert(row.text_or_empty(0)?.to_owned(), row.text_or_empty(1)?.to_owned());
            }
            Ok::<(), StatementError>(())
        })
        .await?;
    if let Some(missing) = WATCHED.iter().find(|watched| !schemas.contains_key(watched.name)) {
        return Err(RevisionsError::NotATable { place: database.place().to_owned(), table: missing.name });
    }
    let schema = transaction.schema().await?;
    let tables = Tables { dialect: database.dialect(), schema: &schema, places: &schemas };
    for watched in &WATCHED {
        let probe = transaction.first(AssertSqlSafe(watched.probe(&tables)), &[], |_| Ok(()));
        probe.await.map_err(|cause: StatementError| match cause.is_transient() {
            true => RevisionsError::Database(cause),
            false => RevisionsError::NotCountable { table: watched.name, cause },
        })?;
    }
    let (is_needed, prepare) = words.prepare;
    if transaction.finds(is_needed, &[]).await? {
        transaction.execute(prepare, &[]).await?;
    }
    apply(transaction, (words.install)(&tables)).await
}

/// Removes the counters and triggers. Does nothing if there are none.
///
/// # Errors
/// [`RevisionsError::Database`]. In that case nothing was changed.
pub async fn remove(database: &Database) -> Result<(), RevisionsError> {
    let words = &database.dialect().revisions;
    let mut transaction = begin(database).await?;
    if let Some(absent) = words.absent
        && transaction.finds(absent, &[]).await?
    {
        return Ok(());
    }
    apply(transaction, (words.remove)()).await
}

/// Begins an exclusive transaction.
async fn begin(database: &Database) -> Result<Transaction<'_>, StatementError> {
    let mut transaction = database.begin().await?;
    if let Some(lock) = database.dialect().revisions.lock {
        transaction.execute(lock, &[]).await?;
    }
    Ok(transaction)
}

/// Runs statements that consist of our own names and quoted schemas.
async fn apply(mut transaction: Transaction<'_>, statements: Vec<String>) -> Result<(), RevisionsError> {
    for statement in statements {
        transaction.execute(AssertSqlSafe(statement), &[]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
