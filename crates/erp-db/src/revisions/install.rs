//! Adding the counters to an ERP's database, and taking them away.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::error::RevisionsError;
#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
use super::table::{Tables, WATCHED};
use crate::database::{Database, DatabaseKind, StatementError, Transaction};
use crate::erp::Schema;

/// Adds counters and triggers, or puts them in order where some are there. Several may do so at once.
///
/// Whatever types the columns have, the triggers do not make a statement of the ERP fail: where they would,
/// nothing is installed.
///
/// On PostgreSQL this needs the owner of the `ad_*` tables, the right to create a schema `orgcache` if there
/// is none, and a connection to the server itself. Everybody may read the counters. Writers wait while it
/// runs.
///
/// # Errors
/// [`RevisionsError`]; nothing was changed then.
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
    let mut transaction = begin(database).await?;
    let tables = match database.kind() {
        #[cfg(feature = "sqlite")]
        DatabaseKind::Sqlite => sqlite::TABLES,
        #[cfg(feature = "postgres")]
        DatabaseKind::Postgres => postgres::TABLES,
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => "",
    };
    let mut schemas = BTreeMap::new();
    transaction
        .each(tables, &[], |row| {
            if row.text(2)? == Some("r") {
                schemas.insert(row.text_or_empty(0)?.to_owned(), row.text_or_empty(1)?.to_owned());
            }
            Ok::<(), StatementError>(())
        })
        .await?;
    if let Some(missing) = WATCHED.iter().find(|watched| !schemas.contains_key(watched.name)) {
        return Err(RevisionsError::NotATable { place: database.place().to_owned(), table: missing.name });
    }
    let schema = Schema::probe_in(&mut transaction, database).await?;
    let tables = Tables { kind: database.kind(), schema: &schema, places: &schemas };
    for watched in &WATCHED {
        let probe = transaction.first(AssertSqlSafe(watched.probe(&tables)), &[], |_| Ok(()));
        probe.await.map_err(|cause: StatementError| match cause.is_transient() {
            true => RevisionsError::Database(cause),
            false => RevisionsError::NotCountable { table: watched.name, cause },
        })?;
    }
    let statements = match database.kind() {
        #[cfg(feature = "sqlite")]
        DatabaseKind::Sqlite => {
            let unmarked = transaction.first(sqlite::UNMARKED, &[], |_| Ok::<_, StatementError>(())).await?;
            if unmarked.is_some() {
                transaction.execute(sqlite::ADD_MARK, &[]).await?;
            }
            sqlite::install(&tables)
        }
        #[cfg(feature = "postgres")]
        DatabaseKind::Postgres => {
            if lacks_schema(&mut transaction).await? {
                transaction.run_script("CREATE SCHEMA orgcache").await?;
            }
            postgres::install(&tables)
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => Vec::new(),
    };
    apply(transaction, statements).await
}

/// Takes the counters and triggers away; does nothing where there are none.
///
/// # Errors
/// [`RevisionsError::Database`]; nothing was changed then.
pub async fn remove(database: &Database) -> Result<(), RevisionsError> {
    #[cfg_attr(not(feature = "postgres"), expect(unused_mut, reason = "PostgreSQL asks for its schema"))]
    let mut transaction = begin(database).await?;
    let statements = match database.kind() {
        #[cfg(feature = "sqlite")]
        DatabaseKind::Sqlite => sqlite::remove(),
        #[cfg(feature = "postgres")]
        DatabaseKind::Postgres if lacks_schema(&mut transaction).await? => Vec::new(),
        #[cfg(feature = "postgres")]
        DatabaseKind::Postgres => postgres::remove(),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => Vec::new(),
    };
    apply(transaction, statements).await
}

#[cfg(feature = "postgres")]
async fn lacks_schema(transaction: &mut Transaction<'_>) -> Result<bool, StatementError> {
    Ok(transaction.first(postgres::NO_SCHEMA, &[], |_| Ok::<_, StatementError>(())).await?.is_some())
}

/// Begins a transaction that only one at a time can be in.
async fn begin(database: &Database) -> Result<Transaction<'_>, StatementError> {
    #[cfg_attr(not(feature = "postgres"), expect(unused_mut, reason = "PostgreSQL takes a lock"))]
    let mut transaction = database.begin().await?;
    #[cfg(feature = "postgres")]
    if database.kind() == DatabaseKind::Postgres {
        transaction.execute(postgres::LOCK, &[]).await?;
    }
    Ok(transaction)
}

/// Runs statements that are made of our own names, and of schemas in quotes.
async fn apply(mut transaction: Transaction<'_>, statements: Vec<String>) -> Result<(), RevisionsError> {
    for statement in statements {
        transaction.execute(AssertSqlSafe(statement), &[]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
