//! Sessions in PostgreSQL: several nodes, proxies, and unavailable servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use erp_db::{ConnectionLimits, SqlStore, StoreOptions, store};
use session::{ClientId, CreateOutcome, Hint, Scope, SessionStore, UserId};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::server::{Bouncer, Cluster};
use crate::sessions::Pinned;
use crate::support::TestDatabase;

/// The next hint, which must arrive soon.
async fn hint(store: &Arc<dyn SqlStore>) -> Hint {
    tokio::time::timeout(Duration::from_secs(20), store.next_hint()).await.unwrap()
}

#[tokio::test]
async fn changes_of_one_node_reach_the_other() {
    let db = TestDatabase::postgres().await;
    let (a, b) = (db.store().await, db.store().await);
    let pinned = Pinned::new(1);
    let first = pinned.create(&a, 1).await;
    assert_eq!(b.open(&first.id).await.unwrap().unwrap().record, *first);
    let second = pinned.record(2);
    let replacing = pinned.new_session(&second).replacing(Some(first.id));
    assert_eq!(b.create(&replacing).await.unwrap(), CreateOutcome::Done);
    assert_eq!(hint(&a).await, Hint::Ended(Scope::Session(first.id)));
    assert_eq!(a.missing(&[first.id, second.id]).await.unwrap(), [first.id]);
    for number in 3..6 {
        pinned.create(&a, number).await;
    }
    let client = ClientId::new("C").unwrap();
    let scope = Scope::User(client, UserId::new("U").unwrap());
    assert_eq!(a.end(&scope, Duration::ZERO).await.unwrap(), 4);
    // One hint for any number of sessions.
    for store in [&a, &b] {
        while hint(store).await != Hint::Ended(scope) {}
    }
    // Nothing ended, so no node is notified; the next notification is that of the next change.
    assert_eq!(a.end(&Scope::Client(client), Duration::ZERO).await.unwrap(), 0);
    db.execute("NOTIFY orgcache_sessions, 'forged'").await;
    assert_eq!(hint(&b).await, Hint::Anything);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_lost_listener_is_replaced() {
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

/// Forwards bytes to the cluster, and drops them while told to, like a network that lost the other end.
struct Network {
    port: u16,
    silent: Arc<Silence>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Silence {
    on: AtomicBool,
    swallowed: Notify,
}

impl Network {
    async fn to(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().unwrap();
        let (host, port) = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let silent = Arc::new(Silence::default());
        let flag = Arc::clone(&silent);
        let task = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let far = TcpStream::connect((host.as_str(), port)).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, Arc::clone(&flag)));
                tokio::spawn(pass(far_in, near_out, Arc::clone(&flag)));
            }
        });
        Network { port: own_port, silent, task }
    }
}

/// Ends with either end. Once bytes were dropped, the connection stays silent.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, silent: Arc<Silence>) {
    let mut buffer = [0; 4_096];
    let mut lost = false;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        lost |= silent.on.load(Ordering::SeqCst);
        if lost {
            silent.swallowed.notify_one();
        } else if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_silent_listener_is_detected() {
    let db = TestDatabase::postgres().await;
    let network = Network::to(&db.url).await;
    let direct: PgConnectOptions = db.url.parse().unwrap();
    let far = format!("{}:{}", direct.get_host(), direct.get_port());
    store::migrate(&StoreOptions::new(&db.url)).await.unwrap();
    let mut options = StoreOptions::new(&db.url)
        .with_direct_url(db.url.replace(&far, &format!("127.0.0.1:{}", network.port)))
        .with_limits(ConnectionLimits { statement: Duration::from_secs(2), ..StoreOptions::new("").limits });
    options.heartbeat = Duration::from_millis(100);
    let store = store::open(&options).await.unwrap();
    network.silent.on.store(true, Ordering::SeqCst);
    // A heartbeat is dropped; later connections work again.
    network.silent.swallowed.notified().await;
    network.silent.on.store(false, Ordering::SeqCst);
    assert_eq!(hint(&store).await, Hint::Anything);
    let scope = Scope::Session(Pinned::new(1).create(&store, 1).await.id);
    store.end(&scope, Duration::ZERO).await.unwrap();
    assert_eq!(hint(&store).await, Hint::Ended(scope));
    store.close().await;
    network.task.abort();
}

/// All connections to the server go through the pooler, except for migrations and notifications.
#[tokio::test]
async fn a_transaction_pooler_may_be_in_between() {
    let db = TestDatabase::postgres().await;
    let bouncer = Bouncer::new(&db.url);
    let options = StoreOptions::new(bouncer.url(&db.url)).with_direct_url(&db.url);
    store::migrate(&options).await.unwrap();
    let nodes = [store::open(&options).await.unwrap(), store::open(&options).await.unwrap()];
    let pinned = [Pinned::new(1), Pinned::new(2)];
    let work = (0..60_u64).map(|number| {
        let (store, other) = if number % 2 == 0 { (&nodes[0], &nodes[1]) } else { (&nodes[1], &nodes[0]) };
        let pinned = &pinned[usize::from(number % 3 == 0)];
        async move {
            let record = pinned.create(store, number).await;
            assert_eq!(other.open(&record.id).await.unwrap().unwrap().record, *record);
            let next = pinned.record(number + 1_000);
            let new = pinned.new_session(&next).replacing(Some(record.id));
            assert_eq!(other.create(&new).await.unwrap(), CreateOutcome::Done);
            assert_eq!(store.missing(&[record.id, next.id]).await.unwrap(), [record.id]);
            let until = Duration::from_secs(60);
            assert!(other.use_once(next.id.as_bytes(), until).await.unwrap());
            assert!(!store.use_once(next.id.as_bytes(), until).await.unwrap());
            let contents = store.contents(Some(&next.tree), Some(&next.access)).await.unwrap();
            assert!(contents.tree.is_some() && contents.access.is_some());
            store.touch(&[session::LastUse { id: next.id, ago: Duration::ZERO }]).await.unwrap();
            store.sweep(Duration::ZERO, 10).await.unwrap();
            store.collect(Duration::ZERO, 10).await.unwrap();
        }
    });
    futures_util::future::join_all(work).await;
    let scope = Scope::Client(ClientId::new("C").unwrap());
    assert_eq!(nodes[0].list(&scope, None, 100).await.unwrap().len(), 60);
    assert_eq!(nodes[0].end(&scope, Duration::ZERO).await.unwrap(), 60);
    while hint(&nodes[1]).await != Hint::Ended(scope) {}
    // No state was left on the connections that the next calls get in turn.
    let proxied: PgConnectOptions = options.url.parse().unwrap();
    let mut other = proxied.extra_float_digits(None).connect().await.unwrap();
    let state = "SELECT (SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_listening_channels()) \
         + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'\
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    for _ in 0..8 {
        let row = sqlx::raw_sql(state).fetch_one(&mut other).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 0);
    }
    other.close().await.unwrap();
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn a_server_restart_loses_no_acknowledged_session() {
    let cluster = Cluster::new();
    cluster.start();
    let options = StoreOptions::new(cluster.url());
    store::migrate(&options).await.unwrap();
    let store = store::open(&options).await.unwrap();
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
    // Revalidation finds what was lost in the meantime.
    assert_eq!(hint(&store).await, Hint::Anything);
    for record in &acknowledged {
        assert_eq!(store.open(&record.id).await.unwrap().unwrap().record, **record);
    }
    pinned.create(&store, 20).await;
    store.close().await;
}

/// Another connection holds a lock. The login gives up in time, and leaves its connection usable for the next
/// one.
#[tokio::test]
async fn a_call_that_takes_too_long_times_out() {
    let db = TestDatabase::postgres().await;
    db.store().await.close().await;
    let limits = ConnectionLimits {
        statement: Duration::from_secs(2),
        connections: 1,
        ..StoreOptions::new("").limits
    };
    let store = store::open(&StoreOptions::new(&db.url).with_limits(limits)).await.unwrap();
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

/// A revocation reaches the store after a restart of the server with a clock that is behind: sessions from
/// before the start end, although they seem newer than the revocation.
#[tokio::test]
async fn a_late_revocation_ends_sessions_from_before_a_server_restart() {
    let server = Cluster::new();
    server.start();
    let options = StoreOptions::new(server.url());
    store::migrate(&options).await.unwrap();
    let store = store::open(&options).await.unwrap();
    let pinned = Pinned::new(1);
    let old = pinned.create(&store, 1).await;
    server.stop();
    server.start();
    let record = pinned.record(2);
    let began = Instant::now();
    while let Err(error) = store.create(&pinned.new_session(&record)).await {
        assert!(error.is_transient() && began.elapsed() < Duration::from_secs(60), "{error}");
    }
    let long_ago = Duration::from_secs(3_600);
    let client = Scope::Client(ClientId::new("C").unwrap());
    assert_eq!(store.end(&client, long_ago).await.unwrap(), 1);
    assert_eq!(store.missing(&[old.id, record.id]).await.unwrap(), [old.id]);
    assert_eq!(store.end(&client, Duration::ZERO).await.unwrap(), 1);
    store.close().await;
}
