//! The databases, reduced to what questions need: text arguments, and one text column.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The environment variable with the URL of a PostgreSQL server's superuser.
const URL: &str = "ORGCACHE_BENCH_POSTGRES_URL";

/// The PostgreSQL server to measure on; `cargo xtask` starts one.
#[must_use]
pub fn postgres_url() -> Option<String> {
    std::env::var(URL).ok().filter(|url| !url.is_empty())
}

/// A private database, with one open connection.
pub trait Engine: Sized {
    /// The name of this product with recursive queries, in tables and records.
    const RECURSIVE: &'static str;
    /// Its name with a table of ancestors.
    const ANCESTOR_TABLE: &'static str;
    /// Its name with a column of paths.
    const PATH_COLUMN: &'static str;
    /// Fills `org` with the rows of `$1`, a JSON array of arrays.
    const FILL: &'static str;
    /// The organizations of `$1`, a JSON array of ids, that allow transactions.
    const ALLOWED: &'static str;

    /// Creates an empty database.
    ///
    /// # Errors
    /// Errors of the database.
    fn open() -> anyhow::Result<Self>;

    /// Runs statements without results, one after the other.
    ///
    /// # Errors
    /// Errors of the database.
    fn run(&self, statements: &str) -> sqlx::Result<()>;

    /// Runs one prepared statement with text arguments, and returns its only column.
    ///
    /// # Errors
    /// Errors of the database.
    fn ask(&self, statement: &'static str, arguments: &[&str]) -> sqlx::Result<Vec<String>>;
}

/// A runtime on the calling thread: answers cross threads only if the driver requires it.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

macro_rules! ask {
    ($engine:expr, $statement:expr, $arguments:expr) => {{
        let query =
            $arguments.iter().fold(sqlx::query_scalar($statement), |query, argument| query.bind(*argument));
        $engine.runtime.block_on(query.fetch_all(&mut *$engine.connection.borrow_mut()))
    }};
}

/// SQLite, in a file.
#[derive(Debug)]
pub struct Sqlite {
    connection: RefCell<SqliteConnection>,
    runtime: Runtime,
    // Dropped after the connection.
    _folder: TempDir,
}

impl Engine for Sqlite {
    const RECURSIVE: &'static str = "sqlite-recursive";
    const ANCESTOR_TABLE: &'static str = "sqlite-ancestor-table";
    const PATH_COLUMN: &'static str = "sqlite-path-column";
    const FILL: &'static str = "INSERT INTO org \
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)";
    const ALLOWED: &'static str =
        "SELECT id FROM org WHERE allowed = 1 AND id IN (SELECT value FROM json_each($1))";

    fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(folder.path().join("tree.db"))
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let runtime = runtime()?;
        let connection = runtime.block_on(options.connect())?;
        Ok(Sqlite { connection: RefCell::new(connection), runtime, _folder: folder })
    }

    fn run(&self, statements: &str) -> sqlx::Result<()> {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements));
        self.runtime.block_on(statements.execute(&mut *self.connection.borrow_mut())).map(drop)
    }

    fn ask(&self, statement: &'static str, arguments: &[&str]) -> sqlx::Result<Vec<String>> {
        ask!(self, statement, arguments)
    }
}

/// PostgreSQL, over TCP on the same machine, in a private schema.
#[derive(Debug)]
pub struct Postgres {
    connection: RefCell<PgConnection>,
    runtime: Runtime,
    schema: String,
}

impl Engine for Postgres {
    const RECURSIVE: &'static str = "postgres-recursive";
    const ANCESTOR_TABLE: &'static str = "postgres-ancestor-table";
    const PATH_COLUMN: &'static str = "postgres-ltree";
    const FILL: &'static str = "INSERT INTO org SELECT value ->> 0, value ->> 1, (value ->> 2)::int, (value ->> 3)::int \
        FROM json_array_elements($1::json)";
    const ALLOWED: &'static str =
        "SELECT id FROM org WHERE allowed = 1 AND id IN (SELECT json_array_elements_text($1::json))";

    fn open() -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let schema = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let runtime = runtime()?;
        let url = postgres_url().ok_or_else(|| anyhow::anyhow!("{URL} names no PostgreSQL server"))?;
        let connection = runtime.block_on(PgConnection::connect(&url))?;
        let postgres = Postgres { connection: RefCell::new(connection), runtime, schema };
        let schema = &postgres.schema;
        postgres.run(&format!("CREATE SCHEMA {schema}; SET search_path = {schema}, public"))?;
        Ok(postgres)
    }

    fn run(&self, statements: &str) -> sqlx::Result<()> {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements));
        self.runtime.block_on(statements.execute(&mut *self.connection.borrow_mut())).map(drop)
    }

    fn ask(&self, statement: &'static str, arguments: &[&str]) -> sqlx::Result<Vec<String>> {
        ask!(self, statement, arguments)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Leftovers are removed with the server.
        let _ = self.run(&format!("DROP SCHEMA {} CASCADE", self.schema));
    }
}
