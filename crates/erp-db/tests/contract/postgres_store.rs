//! Sessions in PostgreSQL: several nodes, proxies, and servers that go away.

use std::time::{Duration, Instant};

use erp_db::{Limits, SqlStore, StoreOptions};
use session::{ClientId, Created, Hint, Scope, SessionStore, UserId};

use crate::server::{Bouncer, Cluster};
use crate::sessions::Pinned;
use crate::support::TestDatabase;

/// The next hint, which has to come soon.
async fn hint(store: &SqlStore) -> Hint {
    tokio::time::timeout(Duration::from_secs(20), store.next_hint()).await.unwrap()
}

#[tokio::test]
async fn what_one_node_does_the_other_sees_and_hears() {
    let db = TestDatabase::postgres().await;
    let (a, b) = (db.store().await, db.store().await);
    let pinned = Pinned::new(1);
    let first = pinned.create(&a, 1).await;
    assert_eq!(b.open(&first.id).await.unwrap().unwrap().record, *first);
    let second = pinned.record(2);
    let replacing = pinned.new_session(&second).replacing(Some(first.id));
    assert_eq!(b.create(&replacing).await.unwrap(), Created::Done);
    assert_eq!(hint(&a).await, Hint::Ended(Scope::Session(first.id)));
    assert_eq!(a.missing(&[first.id, second.id]).await.unwrap(), [first.id]);
    let client = ClientId::new("C").unwrap();
    let scope = Scope::User(client, UserId::new("U").unwrap());
    assert_eq!(a.end(&scope, Duration::ZERO).await.unwrap(), 1);
    for store in [&a, &b] {
        while hint(store).await != Hint::Ended(scope) {}
    }
    // Nothing ended, so nobody is told; what is heard next is what comes next.
    assert_eq!(a.end(&Scope::Client(client), Duration::ZERO).await.unwrap(), 0);
    db.execute("NOTIFY orgcache_sessions, 'forged'").await;
    assert_eq!(hint(&b).await, Hint::Anything);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_lost_ear_is_made_up_for() {
    let db = TestDatabase::postgres().await;
    let store = db.store().await;
    let end = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(db.texts(end).await, ["true"]);
    assert_eq!(hint(&store).await, Hint::Anything);
    let record = Pinned::new(1).create(&store, 1).await;
    let scope = Scope::Session(record.id);
    store.end(&scope, Duration::ZERO).await.unwrap();
    assert_eq!(hint(&store).await, Hint::Ended(scope));
    store.close().await;
}

/// The only connections to the server are through the pooler, but for migrations and listening.
#[tokio::test]
async fn a_pooler_of_transactions_may_stand_in_between() {
    let db = TestDatabase::postgres().await;
    let bouncer = Bouncer::new(&db.url);
    let options = StoreOptions::new(bouncer.url(&db.url)).with_direct_url(&db.url);
    SqlStore::migrate(&options).await.unwrap();
    let nodes = [SqlStore::open(&options).await.unwrap(), SqlStore::open(&options).await.unwrap()];
    let pinned = [Pinned::new(1), Pinned::new(2)];
    let work = (0..60_u64).map(|number| {
        let (store, other) = if number % 2 == 0 { (&nodes[0], &nodes[1]) } else { (&nodes[1], &nodes[0]) };
        let pinned = &pinned[usize::from(number % 3 == 0)];
        async move {
            let record = pinned.create(store, number).await;
            assert_eq!(other.open(&record.id).await.unwrap().unwrap().record, *record);
            let next = pinned.record(number + 1_000);
            let new = pinned.new_session(&next).replacing(Some(record.id));
            assert_eq!(other.create(&new).await.unwrap(), Created::Done);
            assert_eq!(store.missing(&[record.id, next.id]).await.unwrap(), [record.id]);
            let contents = store.contents(Some(&next.tree), Some(&next.access)).await.unwrap();
            assert!(contents.tree.is_some() && contents.access.is_some());
            store.touch(&[session::Seen { id: next.id, ago: Duration::ZERO }]).await.unwrap();
            store.sweep(Duration::ZERO, 10).await.unwrap();
            store.collect(Duration::ZERO, 10).await.unwrap();
        }
    });
    futures_util::future::join_all(work).await;
    let scope = Scope::Client(ClientId::new("C").unwrap());
    assert_eq!(nodes[0].list(&scope, None, 100).await.unwrap().len(), 60);
    assert_eq!(nodes[0].end(&scope, Duration::ZERO).await.unwrap(), 60);
    while hint(&nodes[1]).await != Hint::Ended(scope) {}
    // No state was left behind on the connections that others get next.
    let state = db
        .texts("SELECT count(*)::text FROM pg_prepared_statements UNION ALL SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'")
        .await;
    assert_eq!(state, ["0", "0"]);
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn a_server_that_stops_and_starts_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::new();
    cluster.start();
    let limits = Limits { acquire: Duration::from_millis(500), ..StoreOptions::new("").limits };
    let options = StoreOptions::new(cluster.url()).with_limits(limits);
    SqlStore::migrate(&options).await.unwrap();
    let store = SqlStore::open(&options).await.unwrap();
    let pinned = Pinned::new(1);
    let mut acknowledged = Vec::new();
    for number in 0..10 {
        acknowledged.push(pinned.create(&store, number).await);
    }
    cluster.stop();
    for number in 10..13 {
        let began = Instant::now();
        let error = pinned.try_create(&store, number).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert!(store.open(&acknowledged[0].id).await.unwrap_err().is_transient());
        assert!(began.elapsed() < Duration::from_secs(20), "neither may hang");
    }
    cluster.start();
    // Whatever was lost meanwhile is found by looking.
    assert_eq!(hint(&store).await, Hint::Anything);
    for record in &acknowledged {
        assert_eq!(store.open(&record.id).await.unwrap().unwrap().record, **record);
    }
    pinned.create(&store, 20).await;
    store.close().await;
}

/// Somebody holds a lock; the login gives up in time, and does not spoil its connection for the next one.
#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up() {
    use sqlx::Connection;

    let db = TestDatabase::postgres().await;
    db.store().await.close().await;
    let limits =
        Limits { statement: Duration::from_millis(300), connections: 1, ..StoreOptions::new("").limits };
    let store = SqlStore::open(&StoreOptions::new(&db.url).with_limits(limits)).await.unwrap();
    let pinned = Pinned::new(1);
    let record = pinned.create(&store, 1).await;
    let mut other = sqlx::PgConnection::connect(&db.url).await.unwrap();
    let lock = "BEGIN; LOCK TABLE orgcache.orgcache_session IN SHARE MODE";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let error = pinned.try_create(&store, 2).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(store.open(&record.id).await.unwrap().is_some(), "reading needs no lock");
    other.close().await.unwrap();
    pinned.create(&store, 3).await;
    store.close().await;
}
