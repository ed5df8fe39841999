//! A PostgreSQL database with the sample rows, lent to a Java test.

use std::io::{self, Read};
use std::path::Path;

use erp_db::Database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Says the URL of a new database, and drops it once the standard input ends.
pub(crate) fn lend() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = std::env::var("ORGCACHE_TEST_POSTGRES_URL").unwrap();
    let name = format!("jvm_{}", std::process::id());
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    runtime.block_on(async {
        execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let database = Database::connect(&url).await.unwrap();
        let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/erp-sample/rows");
        erp_db::import(&database, &rows).await.unwrap();
        database.close().await;
    });
    println!("{url}");
    let _ = io::stdin().read_to_end(&mut Vec::new());
    runtime.block_on(execute(&server, format!("DROP DATABASE {name} WITH (FORCE)")));
}

async fn execute(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
