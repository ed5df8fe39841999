//! Private databases of a test.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use erp_db::{Database, ErpReader, SqlStore, StoreOptions, store};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

pub(crate) const FB: &str = "23C59575B9CF467C9620760EB255B389";
pub(crate) const QA: &str = "4028E6C72959682B01295A070852010D";

/// Parses an id.
pub(crate) fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// The columns that an import creates only if the rows name them.
pub(crate) const LATE_COLUMNS: [&str; 7] = [
    "timezone",
    "ad_groupbusinessunit_org_id",
    "ad_legalentity_org_id",
    "ad_businessunit_org_id",
    "ad_periodcontrolallowed_org_id",
    "ad_calendarowner_org_id",
    "ad_inheritedcalendar_id",
];

/// Runs each case on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::support::TestDatabase::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::support::TestDatabase::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

/// A new, empty database that is dropped with this value.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    kind: Kind,
}

enum Kind {
    Sqlite { _folder: TempDir },
    Postgres { name: String },
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("erp.db").display());
        TestDatabase { url, kind: Kind::Sqlite { _folder: folder } }
    }

    pub(crate) async fn postgres() -> Self {
        Self::postgres_with("").await
    }

    /// A database with a linguistic collation instead of byte order.
    pub(crate) async fn postgres_icu() -> Self {
        Self::postgres_with("LOCALE_PROVIDER icu ICU_LOCALE 'en-US'").await
    }

    /// A database without an encoding, which accepts any bytes.
    pub(crate) async fn postgres_ascii() -> Self {
        Self::postgres_encoded("SQL_ASCII", "").await
    }

    async fn postgres_with(options: &str) -> Self {
        Self::postgres_encoded("UTF8", options).await
    }

    async fn postgres_encoded(encoding: &str, options: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("erp_db_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' {options}"
        );
        execute(&postgres_url(), &create).await;
        TestDatabase { url: with_name(&postgres_url(), &name), kind: Kind::Postgres { name } }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres { .. })
    }

    pub(crate) async fn connect(&self) -> Database {
        Database::connect(&self.url).await.unwrap()
    }

    /// A session store in this database.
    pub(crate) async fn store(&self) -> Arc<dyn SqlStore> {
        let options = StoreOptions::new(&self.url);
        store::migrate(&options).await.unwrap();
        store::open(&options).await.unwrap()
    }

    /// A reader of a database with the sample rows.
    pub(crate) async fn with_sample(&self) -> ErpReader {
        let database = self.connect().await;
        erp_import::import(&database, &sample()).await.unwrap();
        ErpReader::open(database).await.unwrap()
    }

    /// Runs fixed SQL statements of a test.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// The first column of every row of an answer.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_postgres() {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        }
    }

    /// The URL of the same database for a read-only user. PostgreSQL only.
    pub(crate) async fn reader_url(&self) -> String {
        let Kind::Postgres { name } = &self.kind else { panic!("SQLite has no users") };
        let role = format!("{name}_reader");
        self.execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        format!("{scheme}://{role}:reader@{host}/{path}")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Kind::Postgres { name } = &self.kind else { return };
        let drop_database = format!("DROP DATABASE {name} WITH (FORCE)");
        let drop_role = format!("DROP ROLE IF EXISTS {name}_reader");
        // On a separate thread, because this one may be inside a runtime.
        let cleaning = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                execute(&postgres_url(), &drop_database).await;
                execute(&postgres_url(), &drop_role).await;
            });
        });
        assert!(cleaning.join().is_ok() || std::thread::panicking(), "the test's database was not dropped");
    }
}

/// The temporary cluster in which tests may create databases.
pub(crate) fn postgres_url() -> String {
    std::env::var("ORGCACHE_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("ORGCACHE_TEST_POSTGRES_URL names no PostgreSQL cluster to test with; run cargo xtask test")
    })
}

/// A PostgreSQL URL for another database of the same cluster.
fn with_name(url: &str, name: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{scheme}://{authority}/{name}{query}")
}

pub(crate) async fn execute(url: &str, sql: &str) {
    let script = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    if url.starts_with("sqlite:") {
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
        let mut connection = options.foreign_keys(false).connect().await.unwrap();
        script.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        script.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The folder of the sample rows.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/erp-sample/rows")
}

/// Inserts the rows of a small client `C` (with System, types and organization `0`), whose tree `T` has the
/// given (node, parent) pairs. Every node except `0` becomes a generic organization of that client.
pub(crate) fn client_with(nodes: &[(&str, Option<&str>)]) -> String {
    let mut sql = String::from(
        "INSERT INTO ad_client (ad_client_id, value, name) VALUES ('0', 'System', 'System'), ('C', 'c', 'c'); \
         INSERT INTO ad_orgtype (ad_orgtype_id, ad_client_id, name) VALUES ('2', '0', 'Generic'); \
         INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id) VALUES ('0', '0', '0', '*', '2'); \
         INSERT INTO ad_tree (ad_tree_id, ad_client_id, name, treetype, ad_table_id) VALUES \
           ('T', 'C', 'organizations', 'OO', '155'), ('P', 'C', 'products', 'PR', '208'); \
         INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id) VALUES ('P0', 'P', '0'); \
         INSERT INTO ad_clientinfo (ad_client_id, ad_tree_org_id) VALUES ('C', 'T'); ",
    );
    for (node, parent) in nodes {
        if *node != "0" {
            sql.push_str(&format!(
                "INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id) \
                 VALUES ('{node}', 'C', '{node}', '{node}', '2'); "
            ));
        }
        sql.push_str(&tree_node("T", node, *parent));
    }
    sql
}

/// Inserts a node into a tree.
pub(crate) fn tree_node(tree: &str, node: &str, parent: Option<&str>) -> String {
    let parent = parent.map_or_else(|| "NULL".to_owned(), |parent| format!("'{parent}'"));
    format!(
        "INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id) \
         VALUES ('{tree}{node}', '{tree}', '{node}', {parent}); "
    )
}

impl TestDatabase {
    /// A reader of a database with the tables and the rows that `sql` inserts.
    pub(crate) async fn with_rows(&self, sql: &str) -> ErpReader {
        let database = self.connect().await;
        self.create_tables(&database).await;
        self.execute(sql).await;
        ErpReader::open(database).await.unwrap()
    }

    /// Creates the tables with all columns of the current ERP, without rows.
    pub(crate) async fn create_tables(&self, database: &Database) {
        create_tables(database).await;
        for column in LATE_COLUMNS {
            self.execute(&format!("ALTER TABLE ad_org ADD COLUMN {column} varchar(60)")).await;
        }
    }
}

/// Creates the tables like `import`, without rows.
pub(crate) async fn create_tables(database: &Database) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ad_client.json"), "[]").unwrap();
    erp_import::import(database, folder.path()).await.unwrap();
}
