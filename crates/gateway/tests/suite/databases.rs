//! `Scratch`: a database for one test, on SQLite or PostgreSQL, filled by `orgcache import`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor};
use tempfile::TempDir;

use crate::program::run;

/// A database that is dropped with this value.
pub(crate) struct Scratch {
    folder: TempDir,
    pub(crate) url: String,
    server: Option<(String, String)>,
}

impl Scratch {
    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements on the database.
    pub(crate) fn execute(&self, statements: &str) {
        execute(&self.url, statements);
    }

    /// Imports Openbravo's sample rows.
    pub(crate) fn fill(self) -> Self {
        let imported =
            run(self.home(), &["import", "--database-url", &self.url, sample_rows().to_str().unwrap()], "");
        assert_eq!(imported.status, 0, "{}", imported.err);
        self
    }
}

/// An empty SQLite file.
pub(crate) fn empty_sqlite() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("erp.db").display());
    Scratch { folder, url, server: None }
}

/// An empty PostgreSQL database, with options such as a locale.
pub(crate) fn empty_postgres(options: &str) -> Scratch {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("ORGCACHE_TEST_POSTGRES_URL") else {
        panic!("this test needs PostgreSQL: run `cargo xtask test`, which starts one");
    };
    let name = format!("gateway_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    execute(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"));
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    Scratch { folder: tempfile::tempdir().unwrap(), url, server: Some((server, name)) }
}

/// Openbravo's sample rows on SQLite, on PostgreSQL, and on PostgreSQL with a linguistic collation.
pub(crate) fn samples() -> [Scratch; 3] {
    let people = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";
    [empty_sqlite(), empty_postgres(""), empty_postgres(people)].map(Scratch::fill)
}

/// The folder of the sample rows.
pub(crate) fn sample_rows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/erp-sample/rows")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            execute(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

pub(crate) fn execute(url: &str, statements: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let statements = sqlx::AssertSqlSafe(statements.to_owned());
    runtime.block_on(async {
        if url.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            connection.execute(sqlx::raw_sql(statements)).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            connection.execute(sqlx::raw_sql(statements)).await.unwrap();
            connection.close().await.unwrap();
        }
    });
}
