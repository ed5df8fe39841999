//! Names that may be used only once, on any node.

use std::time::Duration;

use crate::support::{TestDatabase, on_both_databases};

on_both_databases!(
    a_name_is_used_once,
    exactly_one_of_concurrent_uses_is_the_first,
    expired_names_are_forgotten
);

const MINUTE: Duration = Duration::from_secs(60);

async fn a_name_is_used_once(database: TestDatabase) {
    let store = database.store().await;
    assert!(store.use_once(&[1; 32], MINUTE).await.unwrap());
    assert!(!store.use_once(&[1; 32], MINUTE).await.unwrap());
    assert!(store.use_once(&[2; 32], MINUTE).await.unwrap());
    store.close().await;
    let again = database.store().await;
    assert!(!again.use_once(&[1; 32], MINUTE).await.unwrap(), "a restart forgets nothing");
    again.close().await;
    let error = again.use_once(&[3; 32], MINUTE).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

async fn exactly_one_of_concurrent_uses_is_the_first(database: TestDatabase) {
    let mut nodes = vec![database.store().await];
    if database.is_postgres() {
        nodes.push(database.store().await);
    }
    let uses = (0..32).map(|number| nodes[number % nodes.len()].use_once(&[7; 32], MINUTE));
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.into_iter().filter(|first| *first.as_ref().unwrap()).count(), 1);
    for node in nodes {
        node.close().await;
    }
}

/// The database's clock is decades ahead of this one, but nothing is forgotten early.
async fn expired_names_are_forgotten(database: TestDatabase) {
    let store = database.store().await;
    let now = 10 * MINUTE;
    for name in 0..5 {
        assert!(store.use_once(&[name; 32], now + MINUTE).await.unwrap());
    }
    assert!(store.use_once(&[5; 32], now + 3 * MINUTE).await.unwrap());
    assert_eq!(store.forget_used(now, 100).await.unwrap(), 0);
    assert!(!store.use_once(&[0; 32], now + MINUTE).await.unwrap());
    let later = now + MINUTE + Duration::from_millis(1);
    assert_eq!(store.forget_used(later, 3).await.unwrap(), 3, "bounded");
    assert_eq!(store.forget_used(later, 3).await.unwrap(), 2);
    assert!(store.use_once(&[0; 32], later + MINUTE).await.unwrap());
    assert!(!store.use_once(&[5; 32], later + MINUTE).await.unwrap());
    store.close().await;
}
