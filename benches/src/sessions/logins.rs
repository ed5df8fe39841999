//! Logins on databases: compared with the bare statements of a login, in a storm, and on another node.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use erp_db::{ConnectionLimits, Database, ErpReader, ErpSource, StoreOptions, revisions, store};
use erp_import::import;
use session::{Options, OrgSource, Principal, RoleId, SessionManager, UserId};
use sqlx::{AssertSqlSafe, Connection};

use super::{ORGANIZATIONS, record, tables};
use crate::record::Record;
use crate::record::float;
use crate::sql::postgres_url;
use crate::trees::rows;

/// The number of users. Each logs in repeatedly.
const USERS: usize = 500;
/// The number of concurrent logins.
const AT_ONCE: usize = 16;

/// The metrics.
pub const METRICS: [&str; 11] = [
    "login_on_sqlite",
    "login_on_sqlite_at_once",
    "storm_on_sqlite_loads",
    "storm_on_sqlite",
    "load_of_a_tree",
    "login_on_postgres",
    "login_on_postgres_at_once",
    "storm_on_postgres_loads",
    "storm_on_postgres",
    "first_session_on_another_node",
    "further_session_on_another_node",
];

/// A storm must wait rather than fail, as all logins share few connections.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connect: Duration::from_secs(60),
    acquire: Duration::from_secs(600),
    statement: Duration::from_secs(600),
    connections: 8,
};

/// The amount of measurement.
#[derive(Clone, Copy, Debug)]
struct Extent {
    logins: usize,
    storm: usize,
    reopened: usize,
}

/// A product, with the databases of one run.
struct Product {
    is_postgres: bool,
    /// The metrics of single logins, of concurrent logins, of the loads and the time of a storm.
    metrics: [&'static str; 4],
    erp: String,
    store: String,
}

/// Measures on SQLite, and on PostgreSQL if a server is available.
///
/// # Errors
/// Errors of the databases.
pub fn run(quick: bool) -> anyhow::Result<Vec<Record>> {
    let extent = if quick {
        Extent { logins: 200, storm: 1_000, reopened: 200 }
    } else {
        Extent { logins: 3_000, storm: 10_000, reopened: 3_000 }
    };
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut records = Product::sqlite(folder.path()).measure(folder.path(), extent).await?;
        if let Some(server) = postgres_url() {
            let name = format!("bench_sessions_{}", std::process::id());
            let url = database_on(&server, &name).await?;
            let postgres = Product {
                is_postgres: true,
                metrics: [
                    "login_on_postgres",
                    "login_on_postgres_at_once",
                    "storm_on_postgres_loads",
                    "storm_on_postgres",
                ],
                erp: url.clone(),
                store: url,
            };
            records.extend(postgres.measure(folder.path(), extent).await?);
        }
        Ok(records)
    })
}

/// Creates a database on the server.
async fn database_on(server: &str, name: &str) -> anyhow::Result<String> {
    let mut connection = sqlx::PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
    let (address, _) = server.rsplit_once('/').context("the URL of the server names no database")?;
    Ok(format!("{address}/{name}"))
}

impl Product {
    fn sqlite(folder: &Path) -> Self {
        let file = |name: &str| format!("sqlite:{}?mode=rwc", folder.join(name).display());
        Product {
            is_postgres: false,
            metrics: [
                "login_on_sqlite",
                "login_on_sqlite_at_once",
                "storm_on_sqlite_loads",
                "storm_on_sqlite",
            ],
            erp: file("erp.db"),
            store: file("sessions.db"),
        }
    }

    async fn measure(&self, folder: &Path, extent: Extent) -> anyhow::Result<Vec<Record>> {
        let rows = folder.join("rows");
        std::fs::create_dir_all(&rows)?;
        tables::write(&rows, USERS)?;
        let database = Database::connect_with(&self.erp, LIMITS).await?;
        import(&database, &rows).await?;
        revisions::install(&database).await?;
        let options = StoreOptions::new(&self.store).with_limits(LIMITS);
        store::migrate(&options).await?;
        let node = Node { manager: self.manager(&options).await? };
        let mut records = Vec::new();
        let [one, at_once, loads, storm] = self.metrics;
        node.logins(AT_ONCE, AT_ONCE).await?;

        let alone = extent.logins / 4;
        let taken = node.logins(alone, 1).await?;
        let bare = self.bare(alone, 1).await?;
        records.push(time(self.structure(), one, alone, taken));
        records.push(time("bare-statements", one, alone, bare));
        let taken = node.logins(extent.logins, AT_ONCE).await?;
        let bare = self.bare(extent.logins, AT_ONCE).await?;
        records.push(time(self.structure(), at_once, extent.logins, taken));
        records.push(time("bare-statements", at_once, extent.logins, bare));

        self.change().await?;
        let before = node.manager.stats().loads;
        let taken = node.logins(extent.storm, extent.storm).await?;
        let loaded = node.manager.stats().loads - before;
        records.push(record(self.structure(), loads, extent.storm, Ok(float(loaded)), "loads"));
        records.push(record(
            "a-tree-for-each-login",
            loads,
            extent.storm,
            Ok(float(extent.storm as u64)),
            "loads",
        ));
        records.push(time(self.structure(), storm, extent.storm, taken));
        let load = self.load().await?;
        records.push(time(self.structure(), "load_of_a_tree", 1, load).renamed(self.name()));

        if self.is_postgres {
            records.extend(self.reopen(&node, &options, extent.reopened).await?);
        }
        Ok(records)
    }

    fn name(&self) -> &'static str {
        if self.is_postgres { "postgres" } else { "sqlite" }
    }

    fn structure(&self) -> &'static str {
        "orgcache"
    }

    async fn source(&self) -> anyhow::Result<ErpSource> {
        let database = Database::connect_with(&self.erp, LIMITS).await?;
        Ok(ErpSource::new(ErpReader::open(database).await?))
    }

    async fn manager(&self, options: &StoreOptions) -> anyhow::Result<SessionManager> {
        let store = store::open(options).await?;
        Ok(SessionManager::new(Arc::new(self.source().await?), Arc::new(store), Options::default()))
    }

    /// Changes the tree, as a user of the ERP does.
    async fn change(&self) -> anyhow::Result<()> {
        let org = rows(super::SHAPE, ORGANIZATIONS).last().map(|row| row.id.clone()).unwrap_or_default();
        let statement =
            "UPDATE ad_org SET isready = CASE isready WHEN 'Y' THEN 'N' ELSE 'Y' END WHERE ad_org_id = $1";
        if self.is_postgres {
            let mut connection = sqlx::PgConnection::connect(&self.erp).await?;
            sqlx::query(statement).bind(org).execute(&mut connection).await?;
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.erp).await?;
            sqlx::query(statement).bind(org).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// The time to read the tree, in nanoseconds.
    async fn load(&self) -> anyhow::Result<f64> {
        let source = self.source().await?;
        let client = session::ClientId::new(tables::CLIENT)?;
        let mut least = Duration::MAX;
        for _ in 0..10 {
            let start = Instant::now();
            source.load_tree(&client).await?;
            least = least.min(start.elapsed());
        }
        Ok(least.as_secs_f64() * 1e9)
    }

    /// The statements that any login needs, prepared and without a tree: the user, the role's access, and a
    /// row for the session.
    async fn bare(&self, logins: usize, at_once: usize) -> anyhow::Result<f64> {
        if self.is_postgres {
            bare::postgres(&self.store, logins, at_once).await
        } else {
            bare::sqlite(&self.erp, logins, at_once).await
        }
    }

    /// Opens the sessions of one node on another.
    async fn reopen(&self, node: &Node, options: &StoreOptions, count: usize) -> anyhow::Result<Vec<Record>> {
        let mut tokens = Vec::with_capacity(count);
        for number in 0..count {
            tokens.push(node.manager.login(principal(number)?).await?.token);
        }
        let other = self.manager(options).await?;
        let mut tokens = tokens.iter();
        let start = Instant::now();
        if let Some(token) = tokens.next() {
            other.session(token).await?;
        }
        let first = nanoseconds(start, 1);
        let start = Instant::now();
        for token in tokens {
            other.session(token).await?;
        }
        let each = nanoseconds(start, count - 1);
        let opened = other.stats().reopened;
        anyhow::ensure!(opened == count as u64, "{opened} of {count} sessions were opened again");
        Ok(vec![
            time(self.structure(), "first_session_on_another_node", 1, first),
            time(self.structure(), "further_session_on_another_node", count, each),
        ])
    }
}

fn time(structure: &'static str, metric: &'static str, sessions: usize, nanoseconds: f64) -> Record {
    record(structure, metric, sessions, Ok(nanoseconds), "ns")
}

impl Record {
    fn renamed(self, structure: &'static str) -> Self {
        Record { structure, ..self }
    }
}

fn nanoseconds(start: Instant, count: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / float(count.max(1) as u64)
}

fn principal(number: usize) -> anyhow::Result<Principal> {
    let user = UserId::new(&tables::user(number % USERS))?;
    Ok(Principal::new(user).with_role(RoleId::new(tables::ROLE)?))
}

/// A node.
struct Node {
    manager: SessionManager,
}

impl Node {
    /// Logs in the given number of times, with the given concurrency, and returns the time per login.
    async fn logins(&self, logins: usize, at_once: usize) -> anyhow::Result<f64> {
        let start = Instant::now();
        let mut running = Vec::with_capacity(at_once);
        for lane in 0..at_once {
            let manager = self.manager.clone();
            let own = (lane..logins).step_by(at_once);
            running.push(tokio::spawn(async move {
                for number in own {
                    manager.login(principal(number)?).await?;
                }
                anyhow::Ok(())
            }));
        }
        for lane in running {
            lane.await??;
        }
        Ok(nanoseconds(start, logins))
    }
}

/// The minimum of a login, as plain statements.
mod bare {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use super::{nanoseconds, tables};

    const USER: &str = "SELECT u.ad_client_id, u.isactive, r.ad_role_id FROM ad_user u \
        LEFT JOIN ad_user_roles r ON r.ad_user_id = u.ad_user_id WHERE u.ad_user_id = $1";
    const ROLE: &str = "SELECT r.ad_client_id, r.userlevel, a.ad_org_id FROM ad_role r \
        LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id WHERE r.ad_role_id = $1";
    const SESSION: &str = "INSERT INTO bare_session VALUES ($1, $2, $3, $4)";
    const TABLE: &str = "CREATE TABLE IF NOT EXISTS bare_session \
        (id text PRIMARY KEY, client_id text NOT NULL, user_id text NOT NULL, role_id text NOT NULL)";

    /// Use ids that no earlier measurement used.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);

    macro_rules! bare {
        ($name:ident, $pool:ty, $options:expr) => {
            pub(super) async fn $name(url: &str, logins: usize, at_once: usize) -> anyhow::Result<f64> {
                let pool: $pool = $options(url).await?;
                sqlx::raw_sql(TABLE).execute(&pool).await?;
                let start = Instant::now();
                let mut running = Vec::with_capacity(at_once);
                for lane in 0..at_once {
                    let pool = pool.clone();
                    let own = (lane..logins).step_by(at_once);
                    running.push(tokio::spawn(async move {
                        for number in own {
                            let user = tables::user(number % super::USERS);
                            let mut connection = pool.acquire().await?;
                            sqlx::query(USER).bind(&user).fetch_all(&mut *connection).await?;
                            sqlx::query(ROLE).bind(tables::ROLE).fetch_all(&mut *connection).await?;
                            let id = format!("{:064x}", NUMBER.fetch_add(1, Ordering::Relaxed));
                            let session = sqlx::query(SESSION).bind(id).bind(tables::CLIENT);
                            session.bind(user).bind(tables::ROLE).execute(&mut *connection).await?;
                        }
                        anyhow::Ok(())
                    }));
                }
                for lane in running {
                    lane.await??;
                }
                Ok(nanoseconds(start, logins))
            }
        };
    }

    async fn open_postgres(url: &str) -> sqlx::Result<sqlx::PgPool> {
        sqlx::postgres::PgPoolOptions::new().max_connections(8).connect(url).await
    }

    /// One connection, since there is a single writer; durable at each commit, like the store.
    async fn open_sqlite(url: &str) -> sqlx::Result<sqlx::SqlitePool> {
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
        let options: SqliteConnectOptions = url.parse()?;
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        SqlitePoolOptions::new().max_connections(1).connect_with(options).await
    }

    bare!(postgres, sqlx::PgPool, open_postgres);
    bare!(sqlite, sqlx::SqlitePool, open_sqlite);
}

#[cfg(test)]
mod tests {
    use super::super::STRUCTURES;
    use super::*;

    #[test]
    fn logins_on_sqlite_are_measured() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Product::sqlite(folder.path());
        let extent = Extent { logins: 40, storm: 100, reopened: 0 };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let records = runtime.block_on(sqlite.measure(folder.path(), extent)).unwrap();
        let loads = records.iter().find(|record| record.metric == "storm_on_sqlite_loads").unwrap();
        assert_eq!(loads.value.0.unwrap(), 1.0, "the tree was changed, and revisions are kept");
        for record in records {
            assert!(record.value.0.unwrap() > 0.0, "{record:?}");
            assert!(METRICS.contains(&record.metric) && STRUCTURES.contains(&record.structure), "{record:?}");
        }
    }
}
