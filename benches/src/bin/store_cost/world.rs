//! This program's own database: an ERP's rows with one larger tree, and sessions in the same database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Database, ErpReader, ErpSource, SqlStore, StoreOptions, store};
use session::{Options, SessionManager};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Outcome;
use crate::wire::{Traffic, Wire};

/// The number of organizations in the tree.
pub(crate) const ORGANIZATIONS: usize = 600;

/// The client of the tree, and a user whose role may work in all of it.
pub(crate) const CLIENT: &str = "23C59575B9CF467C9620760EB255B389";
pub(crate) const USER: &str = "A530AAE22C864702B7E1C22D58E7B17B";

/// Enlarges the sample's eight organizations: each new one is below an earlier one.
const GROW: &str = "
    CREATE TABLE grown AS
      SELECT n, upper(md5(n::text)) AS id, CASE WHEN n < 6 THEN '19404EAD144C49A0AF37D54377CF452D'
        ELSE upper(md5((n / 5)::text)) END AS parent FROM generate_series(1, 592) n;
    INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id, isready)
      SELECT id, '23C59575B9CF467C9620760EB255B389', n, n, CASE WHEN n % 10 = 0 THEN '1' ELSE '2' END, 'Y' FROM grown;
    INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id)
      SELECT id, '28449865CD75486CAE52ED581311027B', id, parent FROM grown;
    UPDATE ad_user SET isactive = 'Y';
    ANALYZE";

pub(crate) struct World {
    server: String,
    name: String,
    url: String,
    pub(crate) erp: Wire,
    pub(crate) store: Wire,
}

impl World {
    pub(crate) async fn make(server: &str) -> Outcome<Self> {
        let name = format!("store_cost_{}", std::process::id());
        execute(server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
        let options: PgConnectOptions = server.parse()?;
        let (base, _) = server.rsplit_once('/').ok_or("the URL names no database")?;
        let (host, port) = (options.get_host().to_owned(), options.get_port());
        let world = World {
            server: server.to_owned(),
            url: format!("{base}/{name}"),
            name,
            erp: Wire::to(host.clone(), port).await?,
            store: Wire::to(host, port).await?,
        };
        let database = Database::connect(&world.url).await?;
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/erp-sample/rows");
        erp_import::import(&database, &sample).await?;
        execute(&world.url, GROW).await?;
        store::migrate(&StoreOptions::new(&world.url)).await?;
        database.close().await;
        Ok(world)
    }

    /// The database, for unmeasured statements.
    pub(crate) async fn database(&self) -> Outcome<Database> {
        Ok(Database::connect(&self.url).await?)
    }

    /// A node of the cluster whose messages are counted.
    pub(crate) async fn node(&self, options: Options) -> Outcome<SessionManager> {
        let reader = ErpReader::open(Database::connect(&self.by(&self.erp)?).await?).await?;
        Ok(SessionManager::new(Arc::new(ErpSource::new(reader)), Arc::new(self.store().await?), options))
    }

    /// A store whose messages are counted, except for its notification connection.
    pub(crate) async fn store(&self) -> Outcome<Arc<dyn SqlStore>> {
        let options = StoreOptions::new(self.by(&self.store)?).with_direct_url(&self.url);
        Ok(store::open(&options).await?)
    }

    /// The database's URL through a counting proxy.
    fn by(&self, wire: &Wire) -> Outcome<String> {
        let options: PgConnectOptions = self.url.parse()?;
        let near = format!("127.0.0.1:{}", wire.port);
        let far = format!("{}:{}", options.get_host(), options.get_port());
        let url = if self.url.contains(&far) {
            self.url.replacen(&far, &near, 1)
        } else {
            self.url.replacen(options.get_host(), &near, 1)
        };
        Ok(format!("{url}?sslmode=disable"))
    }

    /// The traffic of both proxies once they are idle: the ERP's first.
    pub(crate) async fn idle_traffic(&self) -> (Traffic, Traffic) {
        let mut last = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (erp, store) = (self.erp.traffic(), self.store.traffic());
            let all = erp.sent + erp.received + store.sent + store.received;
            if all == last {
                return (erp, store);
            }
            last = all;
        }
    }

    /// A number from the server.
    pub(crate) async fn number(&self, statement: &str) -> Outcome<i64> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let number =
            sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(number)
    }

    /// The position of the write-ahead log, in bytes.
    pub(crate) async fn log_end(&self) -> Outcome<i64> {
        self.number("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").await
    }

    /// Toggles a flag of an organization.
    pub(crate) async fn change(&self, number: usize) -> Outcome {
        let flag = if number.is_multiple_of(2) { "N" } else { "Y" };
        self.execute(&format!(
            "UPDATE ad_org SET isready = '{flag}' WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85'"
        ))
        .await
    }

    /// A separate connection through a counting proxy.
    pub(crate) async fn connect(&self, wire: &Wire) -> Outcome<PgConnection> {
        Ok(PgConnection::connect(&self.by(wire)?).await?)
    }

    pub(crate) async fn execute(&self, statements: &str) -> Outcome {
        execute(&self.url, statements).await
    }

    pub(crate) async fn drop_database(&self) -> Outcome {
        execute(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}

async fn execute(url: &str, statements: &str) -> Outcome {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
