//! `World`: a database with all that instances need.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use erp_db::{Database, PasswordTable, StoreOptions, store};
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;

/// An administrator and a user of the sample client.
pub(crate) const ADMIN: &str = "F&BAdmin";
pub(crate) const SPAIN: &str = "F&BESUser";
pub(crate) const SPAIN_ID: &str = "167450A5BB284AB29C4FEF039E98C963";
/// A role of that user, with access to three Spanish organizations.
pub(crate) const SALES: &str = "E03ED4A0056340678C3D6A3BA183F941";

pub(crate) const PASSWORD: &str = "a password of the tests";

/// Sample rows, sessions and passwords in one database, and a home folder for programs.
pub(crate) struct World {
    pub(crate) home: TempDir,
    pub(crate) url: String,
    server: Option<(String, String)>,
}

impl World {
    /// Creates a database on the PostgreSQL server that all tests share.
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("ORGCACHE_TEST_POSTGRES_URL") else {
            panic!("this test needs PostgreSQL: run `cargo xtask test`, which starts one");
        };
        let name = format!("cluster_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        Self::fill(format!("{base}/{name}"), Some((server, name))).await
    }

    /// Uses an empty database that the test manages.
    pub(crate) async fn within(url: String) -> Self {
        Self::fill(url, None).await
    }

    async fn fill(url: String, server: Option<(String, String)>) -> Self {
        let world = World { home: tempfile::tempdir().unwrap(), url, server };
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/erp-sample/rows");
        let database = Database::connect(&world.url).await.unwrap();
        erp_import::import(&database, &sample).await.unwrap();
        world.execute("UPDATE ad_user SET isactive = 'Y'").await;
        database.close().await;
        world.set_passwords(&world.url).await;
        world
    }

    /// Sets the users' passwords in a store.
    pub(crate) async fn set_passwords(&self, store_url: &str) {
        store::migrate(&StoreOptions::new(store_url)).await.unwrap();
        let store = Database::connect(store_url).await.unwrap();
        let passwords = PasswordTable::open(store.clone()).await.unwrap();
        let erp = Database::connect(&self.url).await.unwrap();
        let reader = erp_db::ErpReader::open(erp.clone()).await.unwrap();
        for name in [ADMIN, SPAIN] {
            let user = reader.user_named(name).await.unwrap().unwrap();
            passwords.set(user.id, Some(&cheap_hash())).await.unwrap();
        }
        store.close().await;
        erp.close().await;
    }

    /// Changes rows without telling the instances.
    pub(crate) async fn execute(&self, statements: &str) {
        execute(&self.url, statements).await;
    }

    /// The single text that a query returns.
    pub(crate) async fn text(&self, statement: &str) -> String {
        let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
        let statement = AssertSqlSafe(statement.to_owned());
        let text = sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        text
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        // A new thread, because a thread of a runtime must not block.
        let cleanup = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        assert!(cleanup.join().is_ok() || std::thread::panicking(), "the test's database was not dropped");
    }
}

async fn execute(url: &str, statements: &str) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A hash with minimal cost, to keep the tests fast.
fn cheap_hash() -> String {
    let params = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password(PASSWORD.as_bytes()).unwrap();
    hash.to_string()
}
