//! `PasswordTable`: our own table, in the ERP's database or another.

use std::sync::Arc;
use std::time::Duration;

use erp_db::{ErpSource, PasswordTable, StoreError, StoreOptions, store};
use session::{Hint, Options, Principal, Scope, SessionManager, SessionStore, UserId};

use crate::support::{TestDatabase, id, on_both_databases};

on_both_databases!(
    a_hash_is_set_replaced_and_deleted,
    a_new_password_ends_the_sessions_of_its_user,
    many_are_set_or_none,
    rows_from_before_versioning_are_kept
);

async fn open(database: &TestDatabase) -> PasswordTable {
    store::migrate(&StoreOptions::new(&database.url)).await.unwrap();
    PasswordTable::open(database.connect().await).await.unwrap()
}

async fn a_hash_is_set_replaced_and_deleted(database: TestDatabase) {
    let error = PasswordTable::open(database.connect().await).await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { found: 0, .. }), "{error}");
    let table = open(&database).await;
    assert_eq!(table.get(id("100")).await.unwrap(), None);
    for hash in ["$argon2id$one", "$argon2id$two", "it's \"quoted\""] {
        table.set(id("100"), Some(hash)).await.unwrap();
        assert_eq!(table.get(id("100")).await.unwrap().as_deref(), Some(hash));
    }
    let again = open(&database).await;
    assert!(again.get(id("100")).await.unwrap().is_some());
    for unknown in ["101", "1\u{0}00"] {
        assert_eq!(again.get(id(unknown)).await.unwrap(), None);
    }
    table.set(id("100"), None).await.unwrap();
    assert_eq!(again.get(id("100")).await.unwrap(), None);
}

async fn a_new_password_ends_the_sessions_of_its_user(database: TestDatabase) {
    let erp = TestDatabase::sqlite();
    let reader = erp.with_sample().await;
    erp.execute("UPDATE ad_user SET isactive = 'Y'").await;
    let store = database.store().await;
    let source = Arc::new(ErpSource::new(reader.clone()));
    let manager = SessionManager::new(source, Arc::clone(&store), Options::default());
    let log_in = async |user: &str| {
        let login = manager.login(Principal::new(UserId::new(user).unwrap())).await.unwrap();
        login.token
    };
    let name = "SELECT ad_user_id FROM ad_user WHERE username = 'F&BAdmin'";
    let (changed, other) = (&erp.texts(name).await[0], "100");
    let tokens = [log_in(changed).await, log_in(changed).await, log_in(other).await];
    let table = PasswordTable::open(database.connect().await).await.unwrap();
    assert_eq!(table.set(id(changed), Some("$argon2id$new")).await.unwrap(), 2);
    if database.is_postgres() {
        // The node that caches them is notified.
        let hint = tokio::time::timeout(Duration::from_secs(30), store.next_hint()).await.unwrap();
        assert!(matches!(hint, Hint::Ended(Scope::User(..))), "{hint:?}");
        manager.take_hint(&hint);
    } else {
        manager.take_hint(&Hint::Anything);
    }
    assert!(manager.session(&tokens[0]).await.is_err() && manager.session(&tokens[1]).await.is_err());
    assert!(manager.session(&tokens[2]).await.is_ok());
    assert_eq!(table.set(id(other), None).await.unwrap(), 1, "deleting a password ends sessions too");
    store.close().await;
}

async fn many_are_set_or_none(database: TestDatabase) {
    let table = open(&database).await;
    assert_eq!(table.users().await.unwrap(), [] as [UserId; 0]);
    let hashes = |users: [&str; 2]| users.map(|user| (id(user), format!("$hash${user}")));
    table.set_all(&hashes(["101", "100"])).await.unwrap();
    assert_eq!(table.users().await.unwrap(), ["100", "101"]);
    assert_eq!(table.get(id("101")).await.unwrap().as_deref(), Some("$hash$101"));
    if database.is_postgres() {
        assert!(table.set_all(&hashes(["102", "1\0"])).await.is_err());
        assert_eq!(table.users().await.unwrap(), ["100", "101"]);
    }
}

async fn rows_from_before_versioning_are_kept(database: TestDatabase) {
    database
        .execute(
            "CREATE TABLE orgcache_password (\
             ad_user_id VARCHAR(32) NOT NULL PRIMARY KEY, password_hash TEXT NOT NULL); \
             INSERT INTO orgcache_password VALUES ('100', '$argon2id$before')",
        )
        .await;
    let table = open(&database).await;
    assert_eq!(table.get(id("100")).await.unwrap().as_deref(), Some("$argon2id$before"));
    table.set(id("100"), Some("$argon2id$after")).await.unwrap();
    assert_eq!(open(&database).await.get(id("100")).await.unwrap().as_deref(), Some("$argon2id$after"));
    // An older program works on the tables that it knows.
    let before = database.texts("SELECT password_hash FROM orgcache_password").await;
    let expected = if database.is_postgres() { "$argon2id$before" } else { "$argon2id$after" };
    assert_eq!(before, [expected]);
}

#[tokio::test]
async fn on_postgres_a_search_path_with_our_schema_hides_nothing() {
    let database = TestDatabase::postgres().await;
    database
        .execute(
            "CREATE TABLE orgcache_password (\
             ad_user_id VARCHAR(32) NOT NULL PRIMARY KEY, password_hash TEXT NOT NULL); \
             INSERT INTO orgcache_password VALUES ('100', '$argon2id$before'); \
             CREATE SCHEMA orgcache; \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = orgcache, public', \
             current_database()); END $$",
        )
        .await;
    let table = open(&database).await;
    assert_eq!(table.get(id("100")).await.unwrap().as_deref(), Some("$argon2id$before"));
}
