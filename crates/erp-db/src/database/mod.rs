//! `Database`: a pool of connections to SQLite or PostgreSQL, with a limit on every wait.

#[cfg(feature = "postgres")]
mod certificates;
#[cfg(feature = "postgres")]
mod connections;
mod error;
mod lease;
#[cfg(feature = "postgres")]
mod literal;
mod options;
mod packed;
mod row;
#[cfg(feature = "postgres")]
mod search_path;
mod select;
#[cfg(feature = "postgres")]
mod settings;
mod statement;
mod transaction;
#[cfg(feature = "sqlite")]
mod watch;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(feature = "sqlite")]
use sqlx::SqlitePool;

#[cfg(all(feature = "postgres", feature = "session"))]
pub(crate) use connections::{Connections, Trial};
pub use error::{ConnectError, StatementError};
pub(crate) use lease::Lease;
#[cfg(feature = "postgres")]
pub(crate) use literal::{Literal, fill};
#[cfg(all(feature = "postgres", feature = "session"))]
pub(crate) use options::give_up_after;
#[cfg(feature = "session")]
pub(crate) use options::kind as kind_of;
#[cfg(all(feature = "postgres", feature = "session"))]
pub(crate) use options::{direct_postgres, stateless_postgres};
pub(crate) use row::Row;
pub(crate) use select::Select;
#[cfg(all(feature = "postgres", feature = "session"))]
pub(crate) use statement::Scope;
pub(crate) use transaction::Transaction;
#[cfg(feature = "sqlite")]
use watch::Seen;

/// A future that is compiled here, with the driver below it. The body of an async function is compiled anew
/// in every crate that awaits it; a boxed future of one type is not.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A database: SQLite or PostgreSQL. Cloning gives another handle to the same connections.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), erp_db::ConnectError> {
/// let embedded = erp_db::Database::connect("sqlite:demo.db").await?;
/// let server = erp_db::Database::connect("postgres://reader:secret@db.example.org/openbravo").await?;
/// assert_eq!(embedded.kind(), erp_db::DatabaseKind::Sqlite);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    /// What messages call this database. Never holds a password.
    place: String,
    limits: Limits,
    statements: AtomicU64,
    /// Whether SQLite keeps statements prepared.
    keeps_statements: bool,
    /// What sets the settings of a PostgreSQL URL for one transaction.
    settings: String,
    /// What precedes each statement to PostgreSQL, in the same message: its time limit and these settings.
    preface: String,
    /// What begins each statement that reads, so that it finds unusual columns as texts.
    as_texts: String,
}

#[derive(Clone)]
pub(crate) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(connections::Connections),
}

/// The product behind a [`Database`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatabaseKind {
    /// SQLite, compiled in.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// How long to wait for a database, and how many connections to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the first connection, by which [`Database::connect`] proves that the database is there.
    pub connect: Duration,
    /// For a free connection, or for the lock on an SQLite file.
    pub acquire: Duration,
    /// For one statement, all its rows included. PostgreSQL is told to give up after the same time.
    pub statement: Duration,
    /// The number of connections, at least 1.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(10),
            acquire: Duration::from_secs(10),
            statement: Duration::from_secs(30),
            connections: 8,
        }
    }
}

impl Database {
    /// Connects with the default [`Limits`].
    ///
    /// # Errors
    /// As for [`Database::connect_with`].
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(url, Limits::default()).await
    }

    /// Connects to `sqlite:FILE`, `postgres://…` or `postgresql://…`.
    ///
    /// An SQLite file has to exist, unless the URL ends in `?mode=rwc`; `?mode=ro` opens it for reading
    /// alone. `?currentSchema=erp,public` is the search path on PostgreSQL, as in a JDBC URL. Where the URL
    /// names no user, it is `PGUSER` or the operating system's user.
    ///
    /// # Errors
    /// [`ConnectError`] where the URL is not understood, its driver is not part of this build, or the database
    /// cannot be reached within the limit. No message repeats the URL, which may hold a password.
    pub async fn connect_with(url: &str, limits: Limits) -> Result<Self, ConnectError> {
        let (pool, place, settings) = options::open(url, &limits).await?;
        Ok(Self::new(pool, place, limits, false, settings))
    }

    fn new(pool: Pool, place: String, limits: Limits, keeps_statements: bool, settings: String) -> Self {
        let statements = AtomicU64::new(0);
        let preface = options::give_up_after(limits.statement) + &settings;
        let as_texts = String::new();
        let inner = Inner { pool, place, limits, statements, keeps_statements, settings, preface, as_texts };
        Database { inner: Arc::new(inner) }
    }

    /// The same connections for statements that may take no longer than `limit`.
    pub(crate) fn with_statement_limit(&self, limit: Duration) -> Self {
        let Inner { pool, place, limits, keeps_statements, settings, .. } = &*self.inner;
        let limits = Limits { statement: limit, ..*limits };
        Self::new(pool.clone(), place.clone(), limits, *keeps_statements, settings.clone())
            .reading(self.inner.as_texts.clone(), "")
    }

    /// The same connections for statements that begin with `as_texts`, in transactions with more settings.
    pub(crate) fn reading(&self, as_texts: String, more: &str) -> Self {
        if as_texts.is_empty() && more.is_empty() {
            return self.clone();
        }
        let Inner { pool, place, limits, keeps_statements, settings, .. } = &*self.inner;
        let settings = format!("{settings}{more}");
        let mut database = Self::new(pool.clone(), place.clone(), *limits, *keeps_statements, settings);
        if let Some(inner) = Arc::get_mut(&mut database.inner) {
            inner.as_texts = as_texts;
        }
        database
    }

    /// Opens an SQLite file that exists, for reading and writing, with the default [`Limits`]. Unlike in a
    /// URL, no character of the path means anything else.
    ///
    /// # Errors
    /// As for [`Database::connect_with`].
    #[cfg(feature = "sqlite")]
    pub async fn open_file(file: &std::path::Path) -> Result<Self, ConnectError> {
        if !file.exists() {
            return Err(ConnectError::NoSuchFile { file: file.to_owned() });
        }
        let limits = Limits::default();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let (pool, place) = options::sqlite_file(options, &limits, Seen::Whole).await?;
        Ok(Self::new(pool, place, limits, false, String::new()))
    }

    /// The file that an SQLite URL names.
    #[cfg(all(feature = "sqlite", feature = "session"))]
    pub(crate) fn file_of(url: &str) -> Result<std::path::PathBuf, ConnectError> {
        Ok(options::sqlite_options(url)?.get_filename().to_owned())
    }

    /// Opens an SQLite file for tables of our own: what is committed is on the disk, readers and the writer
    /// do not wait for each other, and statements stay prepared.
    #[cfg(all(feature = "sqlite", feature = "session"))]
    pub(crate) async fn open_own(url: &str, limits: Limits) -> Result<Self, ConnectError> {
        use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

        let options = options::sqlite_options(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Rows of sessions are all over the file. The longer the log (here 40 MB), the more changes of a
            // page are written to the file in one.
            .pragma("wal_autocheckpoint", "10000")
            .foreign_keys(true);
        let (pool, place) = options::sqlite_file(options, &limits, Seen::Name).await?;
        Ok(Self::new(pool, place, limits, true, String::new()))
    }

    /// The product behind this handle.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        match &self.inner.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => DatabaseKind::Sqlite,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// What messages call this database: its file, or its host, port and name.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.inner.place
    }

    /// The time since 1970-01-01 00:00 UTC on the database's clock; for SQLite that is this machine's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn now(&self) -> Result<Duration, StatementError> {
        let statement = match self.kind() {
            DatabaseKind::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            DatabaseKind::Postgres => {
                "SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint"
            }
        };
        let milliseconds =
            self.first(statement, &[], |row| row.integer(0)).await?.flatten().unwrap_or_default();
        Ok(Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// How many statements were sent through this handle and its clones.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections. Later statements through any clone fail.
    pub async fn close(&self) {
        self.closing().await;
    }

    fn closing(&self) -> Boxed<'_, ()> {
        match &self.inner.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => Box::pin(pool.close()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => Box::pin(pool.close()),
        }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    fn keeps_statements(&self) -> bool {
        self.inner.keeps_statements
    }

    fn preface(&self) -> &str {
        &self.inner.preface
    }

    fn as_texts(&self) -> &str {
        &self.inner.as_texts
    }

    fn count_statement(&self) {
        self.inner.statements.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.inner.place).finish()
    }
}
