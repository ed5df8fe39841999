//! `PasswordTable`: our own table, beside the ERP's or elsewhere.

use erp_db::{PasswordTable, SqlStore, StoreError, StoreOptions};

use crate::support::{TestDatabase, on_both_databases};

on_both_databases!(a_hash_is_kept_changed_and_taken_away, rows_of_before_there_were_versions_are_kept);

async fn open(database: &TestDatabase) -> PasswordTable {
    SqlStore::migrate(&StoreOptions::new(&database.url)).await.unwrap();
    PasswordTable::open(database.connect().await).await.unwrap()
}

async fn a_hash_is_kept_changed_and_taken_away(database: TestDatabase) {
    let error = PasswordTable::open(database.connect().await).await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { found: 0, .. }), "{error}");
    let table = open(&database).await;
    assert_eq!(table.get("100").await.unwrap(), None);
    for hash in ["$argon2id$one", "$argon2id$two", "it's \"quoted\""] {
        table.set("100", Some(hash)).await.unwrap();
        assert_eq!(table.get("100").await.unwrap().as_deref(), Some(hash));
    }
    let again = open(&database).await;
    assert!(again.get("100").await.unwrap().is_some());
    for unknown in ["", "101", "1\u{0}00", &"1".repeat(1 << 20)] {
        assert_eq!(again.get(unknown).await.unwrap(), None);
    }
    table.set("100", None).await.unwrap();
    assert_eq!(again.get("100").await.unwrap(), None);
}

async fn rows_of_before_there_were_versions_are_kept(database: TestDatabase) {
    database
        .execute(
            "CREATE TABLE orgcache_password (\
             ad_user_id VARCHAR(32) NOT NULL PRIMARY KEY, password_hash TEXT NOT NULL); \
             INSERT INTO orgcache_password VALUES ('100', '$argon2id$before')",
        )
        .await;
    let table = open(&database).await;
    assert_eq!(table.get("100").await.unwrap().as_deref(), Some("$argon2id$before"));
    table.set("100", Some("$argon2id$after")).await.unwrap();
    assert_eq!(open(&database).await.get("100").await.unwrap().as_deref(), Some("$argon2id$after"));
    // An older program goes on with what it knows.
    let before = database.texts("SELECT password_hash FROM orgcache_password").await;
    let expected = if database.is_postgres() { "$argon2id$before" } else { "$argon2id$after" };
    assert_eq!(before, [expected]);
}

#[tokio::test]
async fn on_postgres_a_search_path_that_begins_with_our_schema_hides_nothing() {
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
    assert_eq!(table.get("100").await.unwrap().as_deref(), Some("$argon2id$before"));
}
