//! A PostgreSQL database with the sample rows, for one Java test.

use std::io::{self, Read};
use std::path::Path;

use erp_db::Database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::runtime::Runtime;

/// A database that exists until it is released.
pub(crate) struct TemporaryDatabase {
    pub(crate) url: String,
    server: String,
    name: String,
    runtime: Runtime,
}

impl TemporaryDatabase {
    pub(crate) fn new(purpose: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = std::env::var("ORGCACHE_TEST_POSTGRES_URL").unwrap();
        let name = format!("jvm_{purpose}_{}", std::process::id());
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        runtime.block_on(async {
            execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
            let database = Database::connect(&url).await.unwrap();
            let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/erp-sample/rows");
            erp_import::import(&database, &rows).await.unwrap();
            database.close().await;
        });
        TemporaryDatabase { url, server, name, runtime }
    }

    pub(crate) fn take_back(self) {
        self.runtime.block_on(execute(&self.server, format!("DROP DATABASE {} WITH (FORCE)", self.name)));
    }
}

/// Prints the URL of a new database, and drops the database when standard input ends.
pub(crate) fn lend() {
    let lent = TemporaryDatabase::new("sample");
    println!("{}", lent.url);
    let _ = io::stdin().read_to_end(&mut Vec::new());
    lent.take_back();
}

async fn execute(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
