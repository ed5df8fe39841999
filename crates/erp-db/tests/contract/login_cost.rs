//! The cost of a login in messages to the databases: round trips and bytes.

use std::sync::Arc;
use std::time::Duration;

use erp_db::{Database, ErpReader, ErpSource, StoreOptions, revisions, store};
use session::{Login, Options, Principal, SessionManager};

use crate::support::{FB, TestDatabase, id};
use crate::wire::{Traffic, Wire};

/// A user whose role may work everywhere, which needs all organizations of the client.
const ADMINISTRATOR: &str = "A530AAE22C864702B7E1C22D58E7B17B";

/// A user whose role may work in one organization.
const CLERK: &str = "CLERK";

/// The sample's eight organizations become 600.
const GROW: &str = "\
    CREATE TABLE grown AS \
      SELECT n, upper(md5(n::text)) AS id, CASE WHEN n < 6 THEN '19404EAD144C49A0AF37D54377CF452D' \
        ELSE upper(md5((n / 5)::text)) END AS parent FROM generate_series(1, 592) n; \
    INSERT INTO ad_org (ad_org_id, ad_client_id, value, name, ad_orgtype_id, isready) \
      SELECT id, '23C59575B9CF467C9620760EB255B389', n, n, CASE WHEN n % 10 = 0 THEN '1' ELSE '2' END, 'Y' FROM grown; \
    INSERT INTO ad_treenode (ad_treenode_id, ad_tree_id, node_id, parent_id) \
      SELECT id, '28449865CD75486CAE52ED581311027B', id, parent FROM grown; \
    UPDATE ad_user SET isactive = 'Y'; \
    INSERT INTO ad_role (ad_role_id, ad_client_id, name, userlevel, ismanual) \
      VALUES ('CLERKS', '23C59575B9CF467C9620760EB255B389', 'clerks', '  O', 'Y'); \
    INSERT INTO ad_user (ad_user_id, ad_client_id, username, islocked) \
      VALUES ('CLERK', '23C59575B9CF467C9620760EB255B389', 'clerk', 'N'); \
    INSERT INTO ad_user_roles (ad_user_roles_id, ad_user_id, ad_role_id, ad_client_id, isactive) \
      VALUES ('CLERK', 'CLERK', 'CLERKS', '23C59575B9CF467C9620760EB255B389', 'Y'); \
    INSERT INTO ad_role_orgaccess (ad_role_orgaccess_id, ad_role_id, ad_org_id, ad_client_id, isactive) \
      VALUES ('CLERK', 'CLERKS', '19404EAD144C49A0AF37D54377CF452D', '23C59575B9CF467C9620760EB255B389', 'Y')";

/// A node, and the counting proxies to its two databases.
struct CountedNode {
    node: SessionManager,
    reader: ErpReader,
    erp: Wire,
    store: Wire,
}

impl CountedNode {
    async fn new(db: &TestDatabase) -> Self {
        db.with_sample().await.database().close().await;
        db.execute(GROW).await;
        db.store().await.close().await;
        let options: sqlx::postgres::PgConnectOptions = db.url.parse().unwrap();
        let to = async || Wire::to(options.get_host().to_owned(), options.get_port()).await.unwrap();
        let (erp, store) = (to().await, to().await);
        let by = |wire: &Wire| {
            let (before, database) = db.url.rsplit_once('/').unwrap();
            let user = before.rsplit_once('@').unwrap().0;
            format!("{user}@127.0.0.1:{}/{database}?sslmode=disable", wire.port)
        };
        let reader = ErpReader::open(Database::connect(&by(&erp)).await.unwrap()).await.unwrap();
        let stored = StoreOptions::new(by(&store)).with_direct_url(&db.url);
        let sessions = store::open(&stored).await.unwrap();
        let source = Arc::new(ErpSource::new(reader.clone()));
        CountedNode { node: SessionManager::new(source, sessions, Options::default()), reader, erp, store }
    }

    /// The traffic of both proxies, the ERP's first.
    async fn counted(&self, work: impl AsyncFnOnce()) -> (Traffic, Traffic) {
        let before = self.idle_traffic().await;
        work().await;
        let after = self.idle_traffic().await;
        (after.0.since(before.0), after.1.since(before.1))
    }

    async fn idle_traffic(&self) -> (Traffic, Traffic) {
        let mut last = (self.erp.traffic(), self.store.traffic());
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = (self.erp.traffic(), self.store.traffic());
            if now == last {
                return now;
            }
            last = now;
        }
    }

    async fn log_in(&self, user: &str) -> Login {
        self.node.login(Principal::new(user.parse().unwrap())).await.unwrap()
    }
}

#[tokio::test]
async fn a_login_takes_two_round_trips_to_the_erp_and_one_to_the_store() {
    let db = TestDatabase::postgres().await;
    let counted = CountedNode::new(&db).await;
    for triggers in [false, true] {
        if triggers {
            revisions::install(counted.reader.database()).await.unwrap();
        }
        for user in [CLERK, ADMINISTRATOR] {
            let first = counted.log_in(user).await;
            let (erp, store) = counted.counted(async || drop(counted.log_in(user).await)).await;
            assert_eq!((erp.round_trips, store.round_trips), (2, 1), "{user}, triggers: {triggers}");
            // Only the administrator's role needs this: the organizations of its client.
            let role = if user == CLERK { 0 } else { 600 * 45 };
            assert!(erp.received - role <= 2_048, "{user}, triggers: {triggers}: {erp:?}");
            assert!(store.sent <= 2_500 && store.received <= 256, "{store:?}");
            drop(first);
        }
        let held = counted.log_in(CLERK).await;
        for change in ["N", "Y"] {
            db.execute(&format!(
                "UPDATE ad_org SET isready = '{change}' WHERE ad_org_id = 'E443A31992CB4635AFCAEABE7183CE85'"
            ))
            .await;
            let (erp, store) = counted
                .counted(async || {
                    let tree = counted.log_in(CLERK).await.session.tree().fingerprint();
                    assert_eq!(tree == held.session.tree().fingerprint(), change == "Y");
                })
                .await;
            assert_eq!((erp.round_trips, store.round_trips), (3, 1), "changed, triggers: {triggers}");
        }
        let refreshed =
            counted.counted(async || drop(counted.node.refresh(&held.token).await.unwrap())).await;
        assert_eq!(refreshed.0.round_trips, 2);
    }
    let (erp, _) = counted.counted(async || drop(counted.reader.user(id(CLERK)).await.unwrap())).await;
    assert_eq!((erp.round_trips, erp.pings), (1, 0));
    assert_eq!(counted.reader.client_exists(id(FB)).await.ok(), Some(true));
}

/// Concurrent logins share the running read of the rows' digest, or the next one.
#[tokio::test]
async fn concurrent_logins_digest_the_rows_at_most_twice() {
    let db = TestDatabase::postgres().await;
    let counted = CountedNode::new(&db).await;
    let _held = counted.log_in(CLERK).await;
    // Slow enough for all of them to be in flight.
    counted.erp.delay(Duration::from_millis(5));
    let before = counted.reader.database().statements();
    let logins = futures_util::future::join_all((0..40).map(|_| counted.log_in(CLERK))).await;
    assert_eq!(logins.len(), 40);
    let statements = counted.reader.database().statements() - before;
    assert!(statements < 40 + 20, "40 for the facts, {statements} in all");
}

/// A login does not check its connections first. It succeeds even if the server has closed all of them.
#[tokio::test]
async fn the_next_statement_detects_a_closed_connection() {
    let db = TestDatabase::postgres().await;
    let counted = CountedNode::new(&db).await;
    let logins = futures_util::future::join_all((0..8).map(|_| counted.log_in(CLERK))).await;
    for round in 0..2 {
        db.texts(
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        let again = futures_util::future::join_all((0..8).map(|_| counted.log_in(CLERK))).await;
        for login in &again {
            let session = counted.node.session(&login.token).await.unwrap();
            assert_eq!(session.id(), login.session.id(), "round {round}");
        }
    }
    let store = store::open(&StoreOptions::new(&db.url)).await.unwrap();
    let scope = session::Scope::Client(FB.parse().unwrap());
    let stored = session::SessionStore::list(&store, &scope, None, 100).await.unwrap();
    assert_eq!(stored.len(), 3 * logins.len(), "each login made one session");
    store.close().await;
}
