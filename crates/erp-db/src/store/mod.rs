//! `SqlStore`: where sessions live beyond the process, on SQLite or PostgreSQL.
//!
//! In the order to read: `options`, `migration` (our own tables), then one folder a product. `sqlite` has one
//! writer that commits waiting logins together. `postgres` sends every call as one message that holds no
//! state on the connection. `record` is what both have in common. `passwords` stands beside the store, in the
//! same tables.

mod error;
mod migration;
mod options;
mod passwords;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::time::Duration;

use org_structure::Fingerprint;
use session::{
    AccessHash, Contents, Created, Hint, NewSession, PortError, Scope, Seen, SessionId, SessionStore,
    StoredSession, async_trait,
};

pub use error::StoreError;
pub use options::StoreOptions;
pub use passwords::PasswordTable;

use self::record::ListedSession;
#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
use crate::database::ConnectError;
use crate::database::{self, Boxed, Database, DatabaseKind, Limits};
use crate::rights::{self, MissingRights, Purpose};

/// Sessions in a database: in a file for one process (SQLite), or on a server for many (PostgreSQL).
///
/// Its tables are its own (`orgcache_…`; on PostgreSQL in a schema `orgcache`), so it may share a database
/// with an ERP or have one for itself. [`SqlStore::migrate`] makes them, when asked.
///
/// # SQLite
/// One process a file: a second one is refused. Logins that wait at the same time are committed together,
/// each acknowledged when it is on the disk.
///
/// # PostgreSQL
/// Every call is one message and one transaction, and leaves nothing behind on the connection, so that a
/// proxy that pools transactions may stand in between. Two things need the server itself, by
/// [`StoreOptions::with_direct_url`]: migrations, and listening for what other nodes ended.
///
/// A call that takes too long, or is dropped, closes its connection; a statement that the server has begun
/// may still run to its end. Whoever wants a limit there as well sets `statement_timeout` for the role.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), erp_db::StoreError> {
/// use erp_db::{SqlStore, StoreOptions};
///
/// let options = StoreOptions::new("postgres://orgcache:secret@pool.example.org:6432/sessions")
///     .with_direct_url("postgres://orgcache:secret@db.example.org/sessions");
/// SqlStore::migrate(&options).await?;
/// let store = SqlStore::open(&options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlStore(Product);

#[derive(Debug)]
enum Product {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::SqliteStore),
    #[cfg(feature = "postgres")]
    Postgres(postgres::PostgresStore),
}

/// Calls the same method of whichever product it is.
macro_rules! either {
    ($self:expr, $store:ident => $call:expr) => {
        match &$self.0 {
            #[cfg(feature = "sqlite")]
            Product::Sqlite($store) => $call,
            #[cfg(feature = "postgres")]
            Product::Postgres($store) => $call,
        }
    };
}

impl SqlStore {
    /// Makes the store's tables, or brings them up to date; does nothing where they are. Several nodes may do
    /// so at once. An SQLite file that is created has mode 0600.
    ///
    /// Newer tables than this version knows are left as they are: during a rolling upgrade older nodes go on.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached or refuses. Nothing was changed then.
    pub async fn migrate(options: &StoreOptions) -> Result<(), StoreError> {
        let database = Self::connect_direct(options).await?;
        let outcome = migration::migrate(&database).await;
        database.close().await;
        outcome
    }

    /// Tries what [`migrate`](Self::migrate) does, and to write to every table, and takes it all back. Says
    /// how many steps of migration are missing. An SQLite file that the URL creates stays, empty.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached or refuses.
    pub async fn rehearse(options: &StoreOptions) -> Result<usize, StoreError> {
        let database = Self::connect_direct(options).await?;
        let outcome = migration::rehearse(&database).await;
        database.close().await;
        outcome
    }

    async fn connect_direct(options: &StoreOptions) -> Result<Database, StoreError> {
        // Large tables take a while, and so does another node that does the same.
        let limits = Limits { statement: options.bulk.max(options.limits.statement), ..options.limits };
        #[cfg(feature = "sqlite")]
        if database::kind_of(options.direct_url())? == DatabaseKind::Sqlite {
            sqlite::prepare(options.direct_url())?;
        }
        Ok(Database::connect_with(options.direct_url(), limits).await?)
    }

    /// What the users of the store's URLs would have to be granted for a purpose: for [`SqlStore::migrate`]
    /// where the store is migrated, and in the tables that are there.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn missing_rights(
        options: &StoreOptions,
        purpose: Purpose,
    ) -> Result<Vec<MissingRights>, StoreError> {
        let mut missing = Vec::new();
        if database::kind_of(&options.url)? == DatabaseKind::Sqlite {
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

    /// Opens a store whose tables are there.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] if the tables are missing or older than this version needs;
    /// [`StoreError::InUse`] if another process uses the same SQLite file; [`StoreError`] if the
    /// database cannot be reached.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        Self::opening(options).await
    }

    fn opening(options: &StoreOptions) -> Boxed<'_, Result<Self, StoreError>> {
        Box::pin(async move {
            match database::kind_of(&options.url)? {
                #[cfg(feature = "sqlite")]
                DatabaseKind::Sqlite => {
                    Ok(SqlStore(Product::Sqlite(sqlite::SqliteStore::open(options).await?)))
                }
                #[cfg(feature = "postgres")]
                DatabaseKind::Postgres => {
                    Ok(SqlStore(Product::Postgres(postgres::PostgresStore::open(options).await?)))
                }
                #[cfg(not(feature = "sqlite"))]
                DatabaseKind::Sqlite => {
                    Err(ConnectError::DriverLeftOut { product: "SQLite", feature: "sqlite" }.into())
                }
                #[cfg(not(feature = "postgres"))]
                DatabaseKind::Postgres => {
                    Err(ConnectError::DriverLeftOut { product: "PostgreSQL", feature: "postgres" }.into())
                }
            }
        })
    }

    /// Records a name that may be used once, such as that of a signed assertion: `true` for the first use on
    /// any node, and `false` from then on, until [`forget_used`](Self::forget_used) is called with a later
    /// time than `until`. When this returns, the name is on the disk.
    ///
    /// `until` is the time since 1970 on the clock that says when the name is not accepted any more. The
    /// store's own clock does not matter: if it was ahead, a name would be forgotten, and accepted again,
    /// while it is valid.
    ///
    /// # Errors
    /// The database does not answer; then the name may have been noted or not.
    pub async fn use_once(&self, name: &[u8; 32], until: Duration) -> Result<bool, PortError> {
        either!(self, store => store.use_once(name, record::span(until)).await)
    }

    /// Forgets used names that were to be kept until before `now`, the time since 1970 on the caller's clock,
    /// at most `limit` of them, and returns their number. Call it periodically if you use
    /// [`use_once`](Self::use_once).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_used(&self, now: Duration, limit: usize) -> Result<u64, PortError> {
        either!(self, store => store.forget_used(record::span(now), limit).await)
    }

    /// Waits for what is under way and closes all connections. Later calls fail. A store that is dropped
    /// instead does the same in the background.
    pub async fn close(&self) {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Product::Sqlite(store) => store.close().await,
            #[cfg(feature = "postgres")]
            Product::Postgres(store) => store.close().await,
        }
    }
}

#[async_trait]
impl SessionStore for SqlStore {
    fn is_shared(&self) -> bool {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Product::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Product::Postgres(_) => true,
        }
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<Created, PortError> {
        either!(self, store => store.create(new).await)
    }

    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        either!(self, store => store.session(id).await)
    }

    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        if tree.is_none() && access.is_none() {
            return Ok(Contents::default());
        }
        either!(self, store => store.contents(tree, access).await)
    }

    async fn touch(&self, seen: &[Seen]) -> Result<(), PortError> {
        if seen.is_empty() {
            return Ok(());
        }
        either!(self, store => store.touch(record::latest(seen)).await)
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        either!(self, store => store.end(scope, record::span(ago)).await)
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        either!(self, store => store.missing(ids).await)
    }

    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError> {
        either!(self, store => store.sweep(record::span(allowance), limit).await)
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        either!(self, store => store.collect(record::span(grace), limit).await)
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        let mut sessions = Vec::new();
        let mut after = after.copied();
        loop {
            let wanted = limit.saturating_sub(sessions.len());
            let listed = either!(self, store => store.list(scope, after.as_ref(), wanted).await)?;
            let is_last = listed.len() < wanted;
            for ListedSession { id, session } in listed {
                after = Some(id);
                // A damaged row hides no other one, and more are read in its place.
                match session {
                    Ok(session) => sessions.push(session),
                    Err(error) => tracing::warn!(session = %id, %error, "a stored session is not listed"),
                }
            }
            if is_last || sessions.len() >= limit {
                return Ok(sessions);
            }
        }
    }

    async fn next_hint(&self) -> Hint {
        match &self.0 {
            // Nobody else ends sessions here.
            #[cfg(feature = "sqlite")]
            Product::Sqlite(_) => core::future::pending().await,
            #[cfg(feature = "postgres")]
            Product::Postgres(store) => store.next_hint().await,
        }
    }
}
