//! Databases: one trait, and one folder per product.
//!
//! The rest of this crate uses [`DatabaseBackend`], which sends statements, and [`Dialect`], the SQL that
//! differs. `sqlite` and `postgres` implement both. Each also contains the statements of revisions
//! (`revisions`) and of its session store, and `login.sql`, which documents all statements of a login. The
//! other files are shared: [`Value`] is an argument of a statement, [`Row`] is a row of its answer, and
//! [`Select`] packs many rows into one text.

mod dialect;
mod error;
mod packed;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod row;
mod select;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
mod statement;
mod transaction;
mod value;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) use dialect::Dialect;
#[cfg(feature = "session")]
pub(crate) use dialect::{RevisionDialect, StoreDialect};
pub use error::{ConnectError, StatementError};
use row::driver_row;
pub(crate) use row::{Columns, Row};
pub(crate) use select::Select;
pub(crate) use statement::{RowVisitor, SendPolicy, Statement};
pub use transaction::Transaction;
pub(crate) use transaction::Work;
pub(crate) use value::Value;

/// A boxed future, which is compiled here with the driver below it. The body of an async function would be
/// compiled again in every crate that awaits it.
pub(crate) type BoxedFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A database: SQLite or PostgreSQL. Clones share their connections.
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
    backend: Arc<dyn DatabaseBackend>,
    context: Arc<Context>,
    statements: Arc<AtomicU64>,
}

/// The operations of a product. Every call has its own time limits.
pub(crate) trait DatabaseBackend: Send + Sync {
    fn dialect(&self) -> &'static Dialect;

    /// Sends a statement outside of any transaction and passes its rows to `visitor`.
    fn query<'a>(
        &'a self,
        context: &'a Context,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>>;

    /// Begins a transaction. Dropping it rolls it back.
    fn begin<'a>(
        &'a self,
        context: &'a Context,
        work: Work,
    ) -> BoxedFuture<'a, Result<Box<dyn transaction::OpenTransaction + 'a>, StatementError>>;

    /// Waits until no connection is in use, and closes all connections.
    fn close(&self) -> BoxedFuture<'_, ()>;
}

/// The shared context of all statements of a [`Database`].
#[derive(Clone)]
pub(crate) struct Context {
    /// The name of the database in messages. Never contains a password.
    pub(crate) place: String,
    pub(crate) limits: ConnectionLimits,
    /// The prefix of each read, which converts columns of unusual types to texts.
    pub(crate) as_texts: String,
    /// The settings of each transaction on PostgreSQL, besides its time limit.
    pub(crate) settings: String,
}

/// The product of a [`Database`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatabaseKind {
    /// SQLite, compiled in.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// How long to wait for a database, and how many connections to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// For the first connection, with which [`Database::connect`] checks that the database is available.
    pub connect: Duration,
    /// For a free connection, or for the lock on an SQLite file.
    pub acquire: Duration,
    /// For one statement, including all its rows. PostgreSQL cancels the statement after the same time.
    pub statement: Duration,
    /// The maximum number of connections, at least 1.
    pub connections: u32,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            connect: Duration::from_secs(10),
            acquire: Duration::from_secs(10),
            statement: Duration::from_secs(30),
            connections: 8,
        }
    }
}

/// The product that a URL names, whether or not its driver is part of this build.
pub(crate) fn kind_of(url: &str) -> Result<DatabaseKind, ConnectError> {
    let Some((scheme, _)) = url.split_once(':') else { return Err(ConnectError::NoScheme) };
    match scheme {
        "sqlite" => Ok(DatabaseKind::Sqlite),
        "postgres" | "postgresql" => Ok(DatabaseKind::Postgres),
        // Repeat only the scheme: a mistyped URL may contain a password.
        _ => Err(ConnectError::UnknownScheme {
            scheme: scheme
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "+.-".contains(*c))
                .take(20)
                .collect(),
        }),
    }
}

impl Database {
    /// Connects with the default [`ConnectionLimits`].
    ///
    /// # Errors
    /// As for [`Database::connect_with`].
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(url, ConnectionLimits::default()).await
    }

    /// Connects to `sqlite:FILE`, `postgres://…` or `postgresql://…`.
    ///
    /// An SQLite file has to exist, unless the URL ends in `?mode=rwc`; `?mode=ro` opens it read-only. On
    /// PostgreSQL, `?currentSchema=erp,public` sets the search path, as in a JDBC URL. If the URL names no
    /// user, `PGUSER` or the operating system's user is used.
    ///
    /// # Errors
    /// [`ConnectError`] if the URL is malformed, its driver is not part of this build, or the database cannot
    /// be reached within the limit. No message repeats the URL, which may contain a password.
    pub async fn connect_with(url: &str, limits: ConnectionLimits) -> Result<Self, ConnectError> {
        Self::connecting(url, limits).await
    }

    fn connecting(url: &str, limits: ConnectionLimits) -> BoxedFuture<'_, Result<Self, ConnectError>> {
        match kind_of(url) {
            #[cfg(feature = "sqlite")]
            Ok(DatabaseKind::Sqlite) => Box::pin(sqlite::connect(url, limits)),
            #[cfg(feature = "postgres")]
            Ok(DatabaseKind::Postgres) => Box::pin(postgres::connect(url, limits)),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            Ok(kind) => Box::pin(std::future::ready(Err(kind.missing_driver()))),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// Opens an existing SQLite file for reading and writing, with the default [`ConnectionLimits`]. Unlike
    /// in a URL, no character of the path has a special meaning.
    ///
    /// # Errors
    /// As for [`Database::connect_with`].
    #[cfg(feature = "sqlite")]
    pub async fn open_file(file: &std::path::Path) -> Result<Self, ConnectError> {
        sqlite::open_file(file).await
    }

    pub(crate) fn new(
        backend: impl DatabaseBackend + 'static,
        place: String,
        limits: ConnectionLimits,
    ) -> Self {
        let context = Context { place, limits, as_texts: String::new(), settings: String::new() };
        Database { backend: Arc::new(backend), context: Arc::new(context), statements: Arc::default() }
    }

    /// The same connections with a statement limit of `limit`.
    pub(crate) fn with_statement_limit(&self, limit: Duration) -> Self {
        let mut database = self.clone();
        Arc::make_mut(&mut database.context).limits.statement = limit;
        database
    }

    /// The same connections with statements that begin with `as_texts`, and with more transaction settings.
    pub(crate) fn reading(&self, as_texts: String, more: &str) -> Self {
        let mut database = self.clone();
        let context = Arc::make_mut(&mut database.context);
        context.as_texts = as_texts;
        context.settings.push_str(more);
        database
    }

    /// The product of this database.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.dialect().kind
    }

    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.backend.dialect()
    }

    /// The name of this database in messages: its file, or its host, port and name.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.context.place
    }

    /// The time since 1970-01-01 00:00 UTC on the database's clock. For SQLite this is the local clock.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn now(&self) -> Result<Duration, StatementError> {
        let statement = self.dialect().now;
        let milliseconds =
            self.first(statement, &[], |row| row.integer(0)).await?.flatten().unwrap_or_default();
        Ok(Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &ConnectionLimits {
        &self.context.limits
    }

    /// How many statements this handle and its clones have sent.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Closes all connections. Later statements through any clone fail.
    pub async fn close(&self) {
        self.backend.close().await;
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.context.place).finish()
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
impl DatabaseKind {
    /// The error for a product whose driver is not part of this build.
    pub(crate) fn missing_driver(self) -> ConnectError {
        match self {
            DatabaseKind::Sqlite => ConnectError::DriverLeftOut { product: "SQLite", feature: "sqlite" },
            DatabaseKind::Postgres => {
                ConnectError::DriverLeftOut { product: "PostgreSQL", feature: "postgres" }
            }
        }
    }
}

/// Opens one connection and closes it again. A pool would retry a refused connection until its timeout, and
/// then not report the cause.
async fn probe<C: sqlx::Connection>(
    connecting: impl Future<Output = Result<C, sqlx::Error>>,
    place: &str,
    limit: Duration,
) -> Result<(), StatementError> {
    let attempt = async {
        let mut connection = connecting.await?;
        connection.ping().await?;
        connection.close().await
    };
    with_timeout(place, limit, attempt).await
}

/// Applies the time limit to a driver's future.
async fn with_timeout<T>(
    place: &str,
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StatementError> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(|error| StatementError::new(place, limit, error)),
        Err(_) => Err(StatementError::TimedOut { place: place.to_owned(), limit }),
    }
}

/// The reason why a URL is malformed, without the driver's introduction.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
