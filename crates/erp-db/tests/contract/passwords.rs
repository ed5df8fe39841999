//! `PasswordTable`: our own table, beside the ERP's or elsewhere.

use erp_db::{Database, PasswordTable};

use crate::support::{TestDatabase, on_both_databases};

on_both_databases!(a_hash_is_kept_changed_and_taken_away, many_processes_may_create_the_table);

async fn a_hash_is_kept_changed_and_taken_away(database: TestDatabase) {
    let table = PasswordTable::open(Database::connect(&database.url).await.unwrap()).await.unwrap();
    assert_eq!(table.get("100").await.unwrap(), None);
    for hash in ["$argon2id$one", "$argon2id$two", "it's \"quoted\""] {
        table.set("100", Some(hash)).await.unwrap();
        assert_eq!(table.get("100").await.unwrap().as_deref(), Some(hash));
    }
    let again = PasswordTable::open(Database::connect(&database.url).await.unwrap()).await.unwrap();
    assert!(again.get("100").await.unwrap().is_some());
    for unknown in ["", "101", "1\u{0}00", &"1".repeat(1 << 20)] {
        assert_eq!(again.get(unknown).await.unwrap(), None);
    }
    table.set("100", None).await.unwrap();
    assert_eq!(again.get("100").await.unwrap(), None);
}

async fn many_processes_may_create_the_table(database: TestDatabase) {
    let opening = (0..8).map(|_| {
        let url = database.url.clone();
        tokio::spawn(async move { PasswordTable::open(Database::connect(&url).await.unwrap()).await })
    });
    for opened in opening.collect::<Vec<_>>() {
        assert_eq!(opened.await.unwrap().unwrap().get("100").await.unwrap(), None);
    }
}
