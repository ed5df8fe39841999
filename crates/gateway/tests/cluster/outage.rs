//! PostgreSQL crashes and recovers, or fails over, while two instances are under load.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::node::{Endpoint, Node};
use crate::server::{Bouncer, Cluster};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// Workers per instance.
const WORKERS: usize = 10;

/// More failed logins than the limits allow one network on two instances.
const MANY_REFUSED: usize = 70;

/// Counts the answers of both instances.
#[derive(Default)]
struct Load {
    logins: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

/// The tokens of acknowledged logins and logouts.
#[derive(Default)]
struct Acknowledged {
    live: Vec<String>,
    ended: Vec<String>,
}

impl Load {
    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// Logs in, asks and logs out on one instance. A request that hangs fails by the client's timeout.
    async fn work(&self, endpoint: &Endpoint, user: &str) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        while !self.stop.load(Ordering::SeqCst) {
            let login = endpoint.try_log_in(user).await.unwrap();
            if login.status == 200 {
                acknowledged.live.push(login.token());
                self.logins.fetch_add(1, Ordering::SeqCst);
            } else {
                assert_eq!(login.status, 503, "{}", login.body);
                self.refused.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(token) = acknowledged.live.last() {
                assert_eq!(endpoint.status(token).await, 200, "a cached session must be answered");
            }
            if acknowledged.live.len() > 3 {
                let token = acknowledged.live.remove(0);
                let status = endpoint.log_out(&token).await;
                assert!(
                    matches!(status, 202 | 204),
                    "a logout must be acknowledged even while the store is down: {status}"
                );
                // If the revocation reached the store before the outage, this node has dropped the session.
                assert!(matches!(endpoint.status(&token).await, 401 | 503));
                acknowledged.ended.push(token);
            }
        }
        acknowledged
    }

    /// Crashes the server under load, then recovers it.
    async fn crash(&self, server: &Cluster, recover: impl FnOnce()) {
        until("there are sessions", async || self.logins() >= 60).await;
        tokio::task::block_in_place(|| server.stop());
        let refused = self.refused();
        until("logins are refused", async || self.refused() >= refused + MANY_REFUSED).await;
        tokio::task::block_in_place(recover);
        let logins = self.logins();
        until("logins succeed again", async || self.logins() >= logins + 60).await;
        self.stop.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_crash_loses_no_acknowledged_login_or_logout() {
    let server = Cluster::new();
    server.start();
    let world = World::within(server.url()).await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    assert_nothing_is_lost(&a, &b, &server, || server.start()).await;
}

/// The failover reconfigures the pooler, as docs/scaling.md describes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failover_to_a_synchronous_standby_loses_no_acknowledged_login_or_logout() {
    let server = Cluster::new();
    server.start();
    let world = World::within(server.url()).await;
    let standby = server.standby();
    let bouncer = Bouncer::in_mode("session", &server.url());
    let pooled = bouncer.url(&server.url());
    let options = ["--store-url", pooled.as_str()];
    let (a, b) = tokio::join!(
        Node::start_over(&world, &pooled, &options),
        Node::start_over(&world, &pooled, &options)
    );
    let fail_over = || {
        standby.promote();
        bouncer.switch_to(&standby.url());
    };
    assert_nothing_is_lost(&a, &b, &server, fail_over).await;
}

/// Crashes and recovers the server under load. Acknowledged logins and logouts must survive.
async fn assert_nothing_is_lost(a: &Node, b: &Node, server: &Cluster, recover: impl FnOnce()) {
    let load = Load::default();
    let workers = (0..2 * WORKERS).map(|worker| {
        let endpoint = if worker < WORKERS { &a.endpoint } else { &b.endpoint };
        load.work(endpoint, if worker.is_multiple_of(2) { ADMIN } else { SPAIN })
    });
    let (acknowledged, ()) =
        tokio::join!(futures_util::future::join_all(workers), load.crash(server, recover));
    for (worker, acknowledged) in acknowledged.iter().enumerate() {
        let (here, there) =
            if worker < WORKERS { (&a.endpoint, &b.endpoint) } else { (&b.endpoint, &a.endpoint) };
        for token in &acknowledged.live {
            assert_eq!((here.status(token).await, there.status(token).await), (200, 200));
        }
        for token in &acknowledged.ended {
            assert_eq!(here.status(token).await, 401);
            until("the session ends", async || there.status(token).await == 401).await;
        }
    }
    for node in [a, b] {
        until("nothing is pending", async || node.endpoint.metric("orgcache_pending_ends").await == 0).await;
    }
}
