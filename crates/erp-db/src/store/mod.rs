//! Where sessions live beyond the process: in a file for one process (SQLite), or on a server for many
//! (PostgreSQL).
//!
//! [`open`] gives the store of the product that a URL names: `backend/sqlite/store` has one writer that
//! commits waiting logins together, `backend/postgres/store` sends every call as one message that holds no
//! state on the connection. What is here is common to both: `options`, `migration` (our own tables), `record`
//! (rows), and `passwords`, beside the sessions in the same tables.
//!
//! The tables are the store's own (`orgcache_…`; on PostgreSQL in a schema `orgcache`), so it may share a
//! database with an ERP or have one for itself. [`migrate`] makes them, when asked.
//!
//! # SQLite
//! One process a file: a second one is refused. Logins that wait at the same time are committed together,
//! each acknowledged when it is on the disk.
//!
//! # PostgreSQL
//! Every call is one message and one transaction, and leaves nothing behind on the connection, so that a
//! proxy that pools transactions may stand in between. Two things need the server itself, by
//! [`StoreOptions::with_direct_url`]: migrations, and listening for what other nodes ended.
//!
//! A call that takes too long, or is dropped, closes its connection; a statement that the server has begun
//! may still run to its end. To limit that as well, set `statement_timeout` for the role.
//!
//! # Examples
//! ```no_run
//! # async fn example() -> Result<(), erp_db::StoreError> {
//! use erp_db::{StoreOptions, store};
//!
//! let options = StoreOptions::new("postgres://orgcache:secret@pool.example.org:6432/sessions")
//!     .with_direct_url("postgres://orgcache:secret@db.example.org/sessions");
//! store::migrate(&options).await?;
//! let store = store::open(&options).await?;
//! # Ok(())
//! # }
//! ```

pub(crate) mod error;
pub(crate) mod migration;
pub(crate) mod options;
mod passwords;
pub(crate) mod record;
pub(crate) mod sql_store;

use std::sync::Arc;

pub use error::StoreError;
pub use options::StoreOptions;
pub use passwords::PasswordTable;
pub use sql_store::SqlStore;

#[cfg(feature = "postgres")]
use crate::backend::postgres;
#[cfg(feature = "sqlite")]
use crate::backend::sqlite;
use crate::backend::{BoxedFuture, ConnectionLimits, Database, DatabaseKind, kind_of};
use crate::rights::{self, MissingRights, Purpose};

/// Opens a store whose tables are there.
///
/// # Errors
/// [`StoreError::NotMigrated`] if the tables are missing or older than this version needs;
/// [`StoreError::InUse`] if another process uses the same SQLite file; [`StoreError`] if the database cannot
/// be reached.
pub async fn open(options: &StoreOptions) -> Result<Arc<dyn SqlStore>, StoreError> {
    opening(options).await
}

fn opening(options: &StoreOptions) -> BoxedFuture<'_, Result<Arc<dyn SqlStore>, StoreError>> {
    Box::pin(async move {
        let store: Arc<dyn SqlStore> = match kind_of(&options.url)? {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite => Arc::new(sqlite::store::SqliteStore::open(options).await?),
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres => Arc::new(postgres::store::PostgresStore::open(options).await?),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            kind => return Err(kind.left_out().into()),
        };
        Ok(store)
    })
}

/// Makes the store's tables, or brings them up to date; does nothing where they are. Several nodes may do
/// so at once. An SQLite file that is created has mode 0600.
///
/// Newer tables than this version knows are left as they are: during a rolling upgrade older nodes go on.
///
/// # Errors
/// [`StoreError`] if the database cannot be reached or refuses. Nothing was changed then.
pub async fn migrate(options: &StoreOptions) -> Result<(), StoreError> {
    let database = connect_direct(options).await?;
    let outcome = migration::migrate(&database).await;
    database.close().await;
    outcome
}

/// Tries what [`migrate`] and [`open`] do, and to write to every table, and takes it all back. Says how many
/// steps of migration are missing. An SQLite file that the URL creates stays, empty.
///
/// # Errors
/// [`StoreError::InUse`] if only that stands in the way; [`StoreError`] if the database cannot be reached or
/// refuses.
pub async fn rehearse(options: &StoreOptions) -> Result<usize, StoreError> {
    let database = connect_direct(options).await?;
    let outcome = migration::rehearse(&database).await;
    database.close().await;
    let missing = outcome?;
    match kind_of(&options.url)? {
        #[cfg(feature = "sqlite")]
        DatabaseKind::Sqlite => sqlite::store::try_lock(&options.url)?,
        #[cfg(feature = "postgres")]
        DatabaseKind::Postgres => postgres::store::try_listening(options).await?,
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        kind => return Err(kind.left_out().into()),
    }
    Ok(missing)
}

async fn connect_direct(options: &StoreOptions) -> Result<Database, StoreError> {
    // Large tables take a while, and so does another node that does the same.
    let limits = ConnectionLimits { statement: options.bulk.max(options.limits.statement), ..options.limits };
    #[cfg(feature = "sqlite")]
    if kind_of(options.direct_url())? == DatabaseKind::Sqlite {
        sqlite::store::prepare(options.direct_url())?;
    }
    Ok(Database::connect_with(options.direct_url(), limits).await?)
}

/// What the users of the store's URLs would have to be granted for a purpose: for [`migrate`] where the store
/// is migrated, and in the tables that are there.
///
/// # Errors
/// [`StoreError`] if the database cannot be reached.
pub async fn missing_rights(
    options: &StoreOptions,
    purpose: Purpose,
) -> Result<Vec<MissingRights>, StoreError> {
    let mut missing = Vec::new();
    if kind_of(&options.url)? == DatabaseKind::Sqlite {
        return Ok(missing);
    }
    let is_direct = options.direct_url() == options.url;
    let urls = [(options.url.as_str(), is_direct, true), (options.direct_url(), true, false)];
    for (url, migrates, works) in urls.into_iter().take(if is_direct { 1 } else { 2 }) {
        let database = Database::connect_with(url, options.limits).await?;
        let found = rights::missing_from_store(&database, purpose, migrates, works).await;
        database.close().await;
        missing.extend(Some(found?).filter(|found| !found.is_empty()));
    }
    Ok(missing)
}
