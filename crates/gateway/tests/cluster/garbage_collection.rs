//! Unused trees and accesses are collected from the store while other processes create sessions.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use erp_db::{StoreOptions, store};
use session::SessionStore;

use crate::node::{Endpoint, Node};
use crate::world::{ADMIN, SPAIN, World};

const LOGINS: usize = 25;

/// Logs in on one instance, uses the sessions on the other, and logs out of all but the last few.
async fn log_in_and_out(here: &Endpoint, there: &Endpoint, user: &str) -> Vec<String> {
    let mut live: Vec<String> = Vec::new();
    for _ in 0..LOGINS {
        let token = here.token(user).await;
        assert_eq!(there.status(&token).await, 200, "an acknowledged login must be valid");
        live.push(token);
        if live.len() > 2 {
            assert_eq!(there.log_out(&live.remove(0)).await, 204);
        }
    }
    live
}

/// Repeatedly changes the tree of the organizations.
async fn change_tree(world: &World, stop: &AtomicBool) {
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let zone = number % 3;
        world.execute(&format!("UPDATE ad_org SET timezone = 'Zone/{zone}' WHERE ad_client_id <> '0'")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collection_removes_nothing_that_concurrent_logins_use() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    // This process is a third one, which collects unused rows at once.
    let store = store::open(&StoreOptions::new(&world.url)).await.unwrap();
    let (stop, collected) = (AtomicBool::new(false), AtomicU64::new(0));
    let collect = async {
        while !stop.load(Ordering::SeqCst) {
            collected.fetch_add(store.collect(Duration::ZERO, 1_000).await.unwrap(), Ordering::SeqCst);
        }
    };
    let logins = async {
        let live = tokio::join!(
            log_in_and_out(&a.endpoint, &b.endpoint, ADMIN),
            log_in_and_out(&b.endpoint, &a.endpoint, ADMIN),
            log_in_and_out(&a.endpoint, &b.endpoint, SPAIN),
            log_in_and_out(&b.endpoint, &a.endpoint, SPAIN),
        );
        stop.store(true, Ordering::SeqCst);
        [live.0, live.1, live.2, live.3].concat()
    };
    let (live, (), ()) = tokio::join!(logins, collect, change_tree(&world, &stop));
    assert!(collected.load(Ordering::SeqCst) > 0, "nothing was collected");
    // A new instance, which has nothing cached, must find every tree and every access in the store.
    let c = Node::start(&world).await;
    for token in &live {
        assert_eq!(c.endpoint.status(token).await, 200);
    }
    store.close().await;
}
