//! Trees and accesses without a session are collected while logins are under way in other processes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use erp_db::{StoreOptions, store};
use session::SessionStore;

use crate::node::{Node, Place};
use crate::world::{ADMIN, SPAIN, World};

const LOGINS: usize = 25;

/// Logs in on one instance, looks on the other, and ends all sessions but the last few.
async fn log_in_and_out(here: &Place, there: &Place, user: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for _ in 0..LOGINS {
        let token = here.token(user).await;
        assert_eq!(there.status(&token).await, 200, "what was acknowledged is there");
        kept.push(token);
        if kept.len() > 2 {
            assert_eq!(there.log_out(&kept.remove(0)).await, 204);
        }
    }
    kept
}

/// Makes another tree of the same organizations, again and again.
async fn change(world: &World, stop: &AtomicBool) {
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
async fn collecting_takes_nothing_from_logins_of_other_processes() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    // This process is a third one, which has no patience with what is unused.
    let store = store::open(&StoreOptions::new(&world.url)).await.unwrap();
    let (stop, collected) = (AtomicBool::new(false), AtomicU64::new(0));
    let collect = async {
        while !stop.load(Ordering::SeqCst) {
            collected.fetch_add(store.collect(Duration::ZERO, 1_000).await.unwrap(), Ordering::SeqCst);
        }
    };
    let logins = async {
        let kept = tokio::join!(
            log_in_and_out(&a.at, &b.at, ADMIN),
            log_in_and_out(&b.at, &a.at, ADMIN),
            log_in_and_out(&a.at, &b.at, SPAIN),
            log_in_and_out(&b.at, &a.at, SPAIN),
        );
        stop.store(true, Ordering::SeqCst);
        [kept.0, kept.1, kept.2, kept.3].concat()
    };
    let (kept, (), ()) = tokio::join!(logins, collect, change(&world, &stop));
    assert!(collected.load(Ordering::SeqCst) > 0, "nothing was ever unused");
    // One that holds nothing in memory has to find every tree and every access.
    let c = Node::start(&world).await;
    for token in &kept {
        assert_eq!(c.at.status(token).await, 200);
    }
    store.close().await;
}
