//! Stores sessions beyond the life of a process: in a file for one process (SQLite), or on a server for many
//! (PostgreSQL).
//!
//! [`open`] returns the store of the product that a URL names: `backend/sqlite/store` has a single writer
//! that commits waiting logins in groups; `backend/postgres/store` sends every call as one message that
//! leaves no state on the connection. This module contains the shared parts: `options`, `migration` (our own
//! tables), `record` (rows), and `passwords`, which are stored next to the sessions.
//!
//! The tables are the store's own (`orgcache_…`; on PostgreSQL in a schema `orgcache`), so the store may
//! share a database with an ERP or have its own. [`migrate`] creates them; nothing else does.
//!
//! # SQLite
//! One process per file; a second is refused. Logins that wait at the same time are committed together, and
//! each is acknowledged when it is durable.
//!
//! # PostgreSQL
//! Every call is one message and one transaction, and leaves no state on the connection, so it works through
//! a transaction-pooling proxy. Two things need a connection to the server itself, by
//! [`StoreOptions::with_direct_url`]: migrations, and notifications of revocations on other nodes.
//!
//! A call that times out or is dropped closes its connection, but the server may still finish the statement.
//! To limit that too, set `statement_timeout` for the role.
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

/// Opens a store whose tables exist.
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
            kind => return Err(kind.missing_driver().into()),
        };
        Ok(store)
    })
}

/// Creates or migrates the store's tables. Does nothing if they are up to date. Concurrent calls by several
/// nodes are safe. A new SQLite file has mode 0600.
///
/// Tables of a newer version are not changed: older nodes keep working during a rolling upgrade.
///
/// # Errors
/// [`StoreError`] if the database cannot be reached or refuses. In that case nothing was changed.
pub async fn migrate(options: &StoreOptions) -> Result<(), StoreError> {
    let database = connect_direct(options).await?;
    let outcome = migration::migrate(&database).await;
    database.close().await;
    outcome
}

/// Tests what [`migrate`] and [`open`] do, and writes to every table, and rolls everything back. Returns the
/// number of missing migration steps. An SQLite file that the URL creates remains, empty.
///
/// # Errors
/// [`StoreError::InUse`] if only another process is in the way; [`StoreError`] if the database cannot be
/// reached or refuses.
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
        kind => return Err(kind.missing_driver().into()),
    }
    Ok(missing)
}

async fn connect_direct(options: &StoreOptions) -> Result<Database, StoreError> {
    // Migrating large tables takes a while, and so does waiting for another node that migrates.
    let limits = ConnectionLimits { statement: options.bulk.max(options.limits.statement), ..options.limits };
    #[cfg(feature = "sqlite")]
    if kind_of(options.direct_url())? == DatabaseKind::Sqlite {
        sqlite::store::prepare(options.direct_url())?;
    }
    Ok(Database::connect_with(options.direct_url(), limits).await?)
}

/// The privileges that the users of the store's URLs lack for a purpose: in the existing tables, and for
/// [`migrate`] if the store is migrated.
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
