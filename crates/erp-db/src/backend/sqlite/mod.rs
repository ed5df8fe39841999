//! SQLite: a file, and a pool of connections to it.

mod dialect;
#[cfg(feature = "session")]
mod revisions;
#[cfg(feature = "session")]
pub(crate) mod store;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, SqlitePool};

pub(crate) use self::dialect::SQLITE;
use self::watch::{FileWatch, WatchedChange};
use super::transaction::OpenTransaction;
use super::{
    BoxedFuture, ConnectError, ConnectionLimits, Context, Database, DatabaseBackend, Dialect, Row,
    RowVisitor, Statement, StatementError, Value, Work, driver_row, probe, reason, with_timeout,
};

struct SqliteFile {
    pool: SqlitePool,
    /// Do statements stay prepared?
    keeps_statements: bool,
}

/// Connects to the file that a URL names.
pub(super) async fn connect(url: &str, limits: ConnectionLimits) -> Result<Database, ConnectError> {
    open(options(url)?, limits, WatchedChange::Whole, false).await
}

/// Opens an existing file with the default limits.
pub(super) async fn open_file(file: &Path) -> Result<Database, ConnectError> {
    if !file.exists() {
        return Err(ConnectError::NoSuchFile { file: file.to_owned() });
    }
    open(SqliteConnectOptions::new().filename(file), ConnectionLimits::default(), WatchedChange::Whole, false)
        .await
}

/// Opens a file for our own tables: commits are durable, readers and the writer do not block each other, and
/// statements stay prepared.
pub(crate) async fn open_own(url: &str, limits: ConnectionLimits) -> Result<Database, ConnectError> {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

    let options = options(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Rows of sessions are spread over the file. The longer the log (here 40 MB), the more changes of one
        // page are combined into one write.
        .pragma("wal_autocheckpoint", "10000")
        .foreign_keys(true);
    open(options, limits, WatchedChange::Name, true).await
}

/// The file that a URL names.
pub(crate) fn file_of(url: &str) -> Result<PathBuf, ConnectError> {
    Ok(options(url)?.get_filename().to_owned())
}

/// The file that a URL names, and the options to open it with.
fn options(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
    let invalid = |reason: String| ConnectError::InvalidUrl { product: "SQLite", reason };
    let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_start_matches("sqlite:").trim_start_matches("//");
    if path.is_empty() {
        return Err(invalid("it names no file".to_owned()));
    }
    // The driver would decode them, so a file option could be hidden from our checks.
    if parameters.contains(['%', '+']) {
        return Err(invalid("write its parameters without `%` and `+`".to_owned()));
    }
    let parameters = || parameters.split('&');
    let in_memory = || invalid("an in-memory database has no rows to read; name a file".to_owned());
    if path == ":memory:" || parameters().any(|parameter| parameter == "mode=memory") {
        return Err(in_memory());
    }
    let options: SqliteConnectOptions = url.parse().map_err(|error| invalid(reason(error)))?;
    let file = options.get_filename();
    // SQLite gives these names a special meaning.
    if file == Path::new(":memory:") {
        return Err(in_memory());
    }
    if file.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        return Err(invalid("write the path of the file without `file:`".to_owned()));
    }
    if !parameters().any(|parameter| parameter == "mode=rwc") && !file.exists() {
        return Err(ConnectError::NoSuchFile { file: file.to_owned() });
    }
    Ok(options)
}

async fn open(
    options: SqliteConnectOptions,
    limits: ConnectionLimits,
    seen: WatchedChange,
    keeps_statements: bool,
) -> Result<Database, ConnectError> {
    let file = options.get_filename().to_owned();
    let options = options.busy_timeout(limits.acquire);
    let place = format!("SQLite file `{}`", file.display());
    probe(options.connect(), &place, limits.connect).await?;
    // An embedded database has no server that drops idle connections: keep them open, and do not check them
    // before use.
    let watch = Arc::new(FileWatch::new(file, seen));
    let pool = SqlitePoolOptions::new()
        .max_connections(limits.connections.max(1))
        .acquire_timeout(limits.acquire)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(move |_, connection| {
            let is_current = watch.is_current(connection.age);
            Box::pin(async move { Ok(is_current) })
        })
        .connect_lazy_with(options);
    Ok(Database::new(SqliteFile { pool, keeps_statements }, place, limits))
}

impl SqliteFile {
    async fn take(&self, context: &Context) -> Result<PoolConnection<Sqlite>, StatementError> {
        let taken = self.pool.acquire().await;
        taken.map_err(|error| StatementError::new(&context.place, context.limits.acquire, error))
    }
}

impl DatabaseBackend for SqliteFile {
    fn dialect(&self) -> &'static Dialect {
        &SQLITE
    }

    fn query<'a>(
        &'a self,
        context: &'a Context,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let mut connection = self.take(context).await?;
            show(&mut connection, context, self.keeps_statements, statement, visitor).await
        })
    }

    fn begin<'a>(
        &'a self,
        context: &'a Context,
        work: Work,
    ) -> BoxedFuture<'a, Result<Box<dyn OpenTransaction + 'a>, StatementError>> {
        Box::pin(async move {
            // From here on the connection is closed with the transaction, also after an error.
            let connection = Some(self.take(context).await?);
            let mut transaction = SqliteTransaction { file: self, context, connection };
            let begin = match work {
                // Take the write lock at once: a reader that turns into a writer could be refused half-way.
                Work::Writes => "BEGIN IMMEDIATE",
                Work::Reads => "BEGIN",
            };
            let limit = context.limits.acquire;
            let beginning = sqlx::query(begin).persistent(self.keeps_statements);
            with_timeout(&context.place, limit, beginning.execute(transaction.connection()?)).await?;
            Ok(Box::new(transaction) as Box<dyn OpenTransaction>)
        })
    }

    fn close(&self) -> BoxedFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

struct SqliteTransaction<'a> {
    file: &'a SqliteFile,
    context: &'a Context,
    /// `None` after the commit.
    connection: Option<PoolConnection<Sqlite>>,
}

impl SqliteTransaction<'_> {
    fn connection(&mut self) -> Result<&mut SqliteConnection, StatementError> {
        let context = self.context;
        let gone = || StatementError::new(&context.place, context.limits.acquire, sqlx::Error::PoolClosed);
        self.connection.as_deref_mut().ok_or_else(gone)
    }
}

impl Drop for SqliteTransaction<'_> {
    fn drop(&mut self) {
        // Closing the connection ends the transaction.
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
        }
    }
}

impl OpenTransaction for SqliteTransaction<'_> {
    fn query<'a>(
        &'a mut self,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let (context, kept) = (self.context, self.file.keeps_statements);
            show(self.connection()?, context, kept, statement, visitor).await
        })
    }

    fn execute<'a>(&'a mut self, statement: Statement<'a>) -> BoxedFuture<'a, Result<u64, StatementError>> {
        Box::pin(async move {
            let (context, kept) = (self.context, self.file.keeps_statements);
            let bound = bound(statement.sql, statement.arguments).persistent(kept);
            let done =
                with_timeout(&context.place, context.limits.statement, bound.execute(self.connection()?));
            Ok(done.await?.rows_affected())
        })
    }

    fn run_script(&mut self, sql: &'static str) -> BoxedFuture<'_, Result<(), StatementError>> {
        Box::pin(async move {
            let context = self.context;
            let script = sqlx::raw_sql(sql).execute(self.connection()?);
            with_timeout(&context.place, context.limits.statement, script).await.map(drop)
        })
    }

    fn commit<'a>(mut self: Box<Self>) -> BoxedFuture<'a, Result<(), StatementError>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let (context, kept) = (self.context, self.file.keeps_statements);
            let commit = sqlx::query("COMMIT").persistent(kept).execute(self.connection()?);
            with_timeout(&context.place, context.limits.statement, commit).await?;
            // The connection is clean, so others may use it.
            self.connection = None;
            Ok(())
        })
    }
}

/// Sends a statement and passes its rows to `visitor`.
async fn show(
    connection: &mut SqliteConnection,
    context: &Context,
    kept: bool,
    statement: Statement<'_>,
    visitor: &mut RowVisitor<'_>,
) -> Result<(), StatementError> {
    let (place, asked) = (context.place.as_str(), statement.sql.clone());
    let sql = match context.as_texts.as_str() {
        "" => statement.sql,
        as_texts => AssertSqlSafe(format!("{as_texts}{}", statement.sql.as_str())).into_sql_str(),
    };
    with_timeout(place, context.limits.statement, async {
        let mut rows = bound(sql, statement.arguments).persistent(kept).fetch(connection);
        while let Some(values) = rows.try_next().await? {
            if visitor(Row { values: &values, place, statement: asked.as_str() }).is_break() {
                break;
            }
        }
        Ok(())
    })
    .await
}

/// A statement with its arguments.
fn bound<'a>(sql: SqlStr, arguments: &[Value<'a>]) -> sqlx::query::Query<'a, Sqlite, SqliteArguments> {
    arguments.iter().fold(sqlx::query(sql), |query, argument| match *argument {
        Value::Null => query.bind(None::<&str>),
        Value::Text(text) => query.bind(text),
        Value::Integer(number) => query.bind(number),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Names(names) => query.bind(super::value::names(names)),
        Value::Integers(numbers) => query.bind(super::value::numbers(numbers)),
    })
}

driver_row!(SqliteRow);
