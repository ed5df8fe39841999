//! Sessions in a database: the contract of every store, and cases that only a database has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use erp_db::{SqlStore, StoreError, StoreOptions, store};
use parking_lot::Mutex;
use session::contract::{self, Fixture};
use session::{Scope, SessionStore, async_trait};

use crate::sessions::Pinned;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    the_contract_of_every_store_holds,
    a_store_must_be_migrated_first,
    concurrent_migrations_succeed,
    newer_tables_are_not_changed,
    collections_do_not_disturb_logins,
    a_damaged_row_is_an_error_and_hides_no_other_session,
    changed_bytes_are_replaced_by_the_next_login,
}

/// Creates a database for every case.
struct Databases {
    postgres: bool,
    made: Mutex<Vec<(TestDatabase, Arc<dyn SqlStore>)>>,
}

#[async_trait]
impl Fixture for Databases {
    async fn empty_store(&self) -> Arc<dyn SessionStore> {
        let db = if self.postgres { TestDatabase::postgres().await } else { TestDatabase::sqlite() };
        let store = db.store().await;
        self.made.lock().push((db, Arc::clone(&store)));
        store
    }

    async fn pass(&self, store: &dyn SessionStore, time: Duration) {
        self.shift(store, i64::try_from(time.as_millis()).unwrap()).await;
    }

    async fn set_back(&self, store: &dyn SessionStore, time: Duration) {
        self.shift(store, -i64::try_from(time.as_millis()).unwrap()).await;
    }
}

impl Databases {
    /// Shifts all timestamps, as if the clock had moved the other way.
    async fn shift(&self, store: &dyn SessionStore, time: i64) {
        assert_eq!(store.is_shared(), self.postgres);
        // The cases run one after the other.
        let (url, schema) = {
            let made = self.made.lock();
            (made.last().unwrap().0.url.clone(), if self.postgres { "orgcache." } else { "" })
        };
        crate::support::execute(
            &url,
            &format!(
                "UPDATE {schema}orgcache_session SET began = began - {time}, seen = seen - {time}; \
                 UPDATE {schema}orgcache_tree SET unused_since = unused_since - {time}; \
                 UPDATE {schema}orgcache_access SET unused_since = unused_since - {time}"
            ),
        )
        .await;
    }
}

async fn the_contract_of_every_store_holds(db: TestDatabase) {
    let databases = Databases { postgres: db.is_postgres(), made: Mutex::default() };
    contract::check(&databases).await;
    for (_db, store) in databases.made.into_inner() {
        store.close().await;
    }
}

async fn a_store_must_be_migrated_first(db: TestDatabase) {
    let options = StoreOptions::new(&db.url);
    let error = store::open(&options).await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { found: 0, needed: 2, .. }), "{error}");
    assert!(!error.is_transient());
    for _ in 0..2 {
        store::migrate(&options).await.unwrap();
    }
    store::open(&options).await.unwrap().close().await;
}

async fn concurrent_migrations_succeed(db: TestDatabase) {
    let options = StoreOptions::new(&db.url);
    // So that the file exists.
    db.execute("CREATE TABLE other (a integer)").await;
    let nodes = (0..6).map(|_| store::migrate(&options));
    for outcome in futures_util::future::join_all(nodes).await {
        outcome.unwrap();
    }
    store::open(&options).await.unwrap().close().await;
}

async fn newer_tables_are_not_changed(db: TestDatabase) {
    let options = StoreOptions::new(&db.url);
    store::migrate(&options).await.unwrap();
    let table = if db.is_postgres() { "orgcache.orgcache_migration" } else { "orgcache_migration" };
    db.execute(&format!("INSERT INTO {table} (version, name) VALUES (99, 'later')")).await;
    store::migrate(&options).await.unwrap();
    store::open(&options).await.unwrap().close().await;
}

/// Logins on a few trees come and go while contents are collected as soon as they are unused.
async fn collections_do_not_disturb_logins(db: TestDatabase) {
    let store = db.store().await;
    // If the store supports several nodes, another node collects.
    let other = if db.is_postgres() { Some(db.store().await) } else { None };
    let collector = other.as_ref().unwrap_or(&store);
    let pinned = [Pinned::new(1), Pinned::new(2), Pinned::new(3)];
    let collected = AtomicU64::new(0);
    let running = AtomicU64::new(6);
    let logins = (0..6_u64).map(|worker| {
        let (store, pinned, running) = (&store, &pinned, &running);
        async move {
            for round in 0..25 {
                let pinned = &pinned[usize::try_from((worker + round) % 3).unwrap()];
                let record = pinned.create(store, worker * 1_000 + round).await;
                let contents = store.contents(Some(&record.tree), Some(&record.access)).await.unwrap();
                assert!(contents.tree.is_some() && contents.access.is_some());
                assert_eq!(store.end(&Scope::Session(record.id), Duration::ZERO).await.unwrap(), 1);
            }
            running.fetch_sub(1, Ordering::Relaxed);
        }
    });
    let collecting = async {
        while running.load(Ordering::Relaxed) > 0 {
            collected.fetch_add(collector.collect(Duration::ZERO, 10).await.unwrap(), Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    };
    futures_util::future::join(futures_util::future::join_all(logins), collecting).await;
    assert!(collected.load(Ordering::Relaxed) > 0, "nothing was collected, so nothing was tested");
    for store in other.iter().chain([&store]) {
        store.close().await;
    }
}

async fn a_damaged_row_is_an_error_and_hides_no_other_session(db: TestDatabase) {
    let store = db.store().await;
    let record = Pinned::new(1).create(&store, 1).await;
    let table = if db.is_postgres() { "orgcache.orgcache_session" } else { "orgcache_session" };
    let long = "x".repeat(33);
    for client in ["", &long] {
        db.execute(&format!("UPDATE {table} SET client_id = '{client}'")).await;
        let error = store.open(&record.id).await.unwrap_err();
        assert!(!error.is_transient() && error.to_string().contains("client"), "{error}");
    }
    store.close().await;
}

async fn changed_bytes_are_replaced_by_the_next_login(db: TestDatabase) {
    let store = db.store().await;
    let (schema, bytes) = if db.is_postgres() { ("orgcache.", "'\\x00'") } else { ("", "X'00'") };
    let (pinned, other) = (Pinned::new(1), Pinned::new(2));
    let first = pinned.create(&store, 1).await;
    let of_other = other.create(&store, 2).await;
    let contents = async |record: &session::SessionRecord| {
        let found = store.contents(Some(&record.tree), Some(&record.access)).await.unwrap();
        (found.tree.unwrap(), found.access.unwrap())
    };
    let (right, right_other) = (contents(&first).await, contents(&of_other).await);
    for (number, tables) in [&["tree"][..], &["access"], &["tree", "access"]].into_iter().enumerate() {
        for table in tables {
            db.execute(&format!("UPDATE {schema}orgcache_{table} SET bytes = {bytes}")).await;
        }
        assert_ne!(contents(&first).await, right);
        let record = pinned.record(10 + u64::try_from(number).unwrap());
        // A refresh is a login too.
        let new = pinned.new_session(&record);
        let new = if number == 2 { new.replacing(Some(first.id)) } else { new };
        assert_eq!(store.create(&new).await.unwrap(), session::CreateOutcome::Done);
        assert_eq!(contents(&first).await, right);
        assert_ne!(contents(&of_other).await, right_other, "what no login has is left");
        other.create(&store, 20 + u64::try_from(number).unwrap()).await;
        assert_eq!(contents(&of_other).await, right_other);
    }
    store.close().await;
}
