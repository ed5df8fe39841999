//! `Databases`: the ERP's database with the sample rows, and the session store, for one test.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use erp_db::{Database, ErpReader, PasswordTable, SqlStore, StoreOptions, store};
use gateway::http::{Credentials, MemoryCredentials};
use session::{Clock, MemoryStore, SessionStore, UserId};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Runs each case on SQLite and on PostgreSQL, with sessions and passwords in the database.
macro_rules! on_both_databases {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::databases::Databases::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::databases::Databases::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

/// Databases that are dropped with their last handle.
#[derive(Clone)]
pub(crate) struct Databases(Arc<Inner>);

struct Inner {
    erp: String,
    store: Option<String>,
    location: Location,
}

enum Location {
    Folder { _folder: TempDir },
    Server { name: String },
}

impl Databases {
    /// Sample rows in SQLite, sessions and passwords in memory.
    pub(crate) async fn memory() -> Self {
        Self::create_sqlite(false).await
    }

    pub(crate) async fn sqlite() -> Self {
        Self::create_sqlite(true).await
    }

    async fn create_sqlite(with_store: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        erp_import::demo::create(&file("erp.db")).await.unwrap();
        let erp = format!("sqlite:{}", file("erp.db").display());
        let store = with_store.then(|| format!("sqlite:{}?mode=rwc", file("sessions.db").display()));
        Databases(Arc::new(Inner { erp, store, location: Location::Folder { _folder: folder } }))
    }

    pub(crate) async fn postgres() -> Self {
        let (server, template) = template().await;
        let name = new_name();
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let erp = with_name(&server, &name);
        let store = Some(erp.clone());
        Databases(Arc::new(Inner { erp, store, location: Location::Server { name } }))
    }

    pub(crate) async fn reader(&self) -> ErpReader {
        ErpReader::open(Database::connect(&self.0.erp).await.unwrap()).await.unwrap()
    }

    /// Migrates and opens the session store, if it is a database.
    pub(crate) async fn store(&self) -> Option<Arc<dyn SqlStore>> {
        let options = StoreOptions::new(self.0.store.as_ref()?);
        store::migrate(&options).await.unwrap();
        Some(store::open(&options).await.unwrap())
    }

    /// The given store, or else a new store in memory.
    pub(crate) fn or_memory(
        store: Option<Arc<dyn SqlStore>>,
        clock: &Arc<dyn Clock>,
    ) -> Arc<dyn SessionStore> {
        match store {
            Some(store) => store,
            None => Arc::new(MemoryStore::new(Arc::clone(clock))),
        }
    }

    /// Gives all users the same password.
    pub(crate) async fn credentials(&self, users: Vec<UserId>, hash: &str) -> Box<dyn Credentials> {
        let Some(url) = &self.0.store else { return Box::new(MemoryCredentials::shared(users, hash)) };
        let schema = if self.is_postgres() { "orgcache." } else { "" };
        let rows: Vec<String> = users.iter().map(|user| format!("('{user}', '{hash}')")).collect();
        let rows = rows.join(", ");
        execute(
            url,
            &format!(
                "INSERT INTO {schema}orgcache_password (ad_user_id, password_hash) VALUES {rows} \
                 ON CONFLICT DO NOTHING"
            ),
        )
        .await;
        Box::new(PasswordTable::open(Database::connect(url).await.unwrap()).await.unwrap())
    }

    /// The password table of the session store. Panics if sessions are in memory.
    pub(crate) async fn passwords(&self) -> PasswordTable {
        let url = self.0.store.as_ref().unwrap();
        PasswordTable::open(Database::connect(url).await.unwrap()).await.unwrap()
    }

    /// Changes the ERP's rows.
    pub(crate) async fn execute(&self, statements: &str) {
        execute(&self.0.erp, statements).await;
    }

    /// Runs statements on the session store, if it is in a database.
    pub(crate) async fn execute_on_store(&self, statements: &str) {
        if let Some(store) = &self.0.store {
            execute(store, statements).await;
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.0.location, Location::Server { .. })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Location::Server { name } = &self.location {
            // A new thread, because a thread of a runtime must not block.
            let statement = format!("DROP DATABASE {name} WITH (FORCE)");
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(execute(&server_url(), &statement));
            });
            dropping.join().unwrap();
        }
    }
}

fn server_url() -> String {
    std::env::var("ORGCACHE_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| panic!("this test needs PostgreSQL: run `cargo xtask test`, which starts one"))
}

fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("service_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn with_name(server: &str, name: &str) -> String {
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

/// The server's URL, and the name of a database with the sample rows to create the others from. Never
/// dropped: the test run discards the whole server.
async fn template() -> (String, &'static str) {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let server = server_url();
    let name = TEMPLATE.get_or_init(async || {
        let name = new_name();
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let database = Database::connect(&with_name(&server, &name)).await.unwrap();
        let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/erp-sample/rows");
        erp_import::import(&database, &rows).await.unwrap();
        database.close().await;
        // As the demonstration does, because some users of the sample are inactive.
        execute(&with_name(&server, &name), "UPDATE ad_user SET isactive = 'Y'").await;
        name
    });
    let name: &'static str = name.await;
    (server, name)
}

async fn execute(url: &str, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        connection.execute(sqlx::raw_sql(statements)).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(sqlx::raw_sql(statements)).await.unwrap();
        connection.close().await.unwrap();
    }
}
