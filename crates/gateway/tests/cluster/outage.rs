//! PostgreSQL crashes and comes back while instances are busy.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::node::{Node, Place};
use crate::server::{Bouncer, Cluster};
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, World};

/// Of each instance.
const WORKERS: usize = 10;

/// More than one address may fail to log in to two instances without a pause.
const MANY_REFUSED: usize = 70;

/// What the instances answered.
#[derive(Default)]
struct Load {
    logins: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

/// The tokens of logins, and of logouts, that were acknowledged.
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

    /// Logs in, asks and logs out on one instance. Whatever hangs breaks a time limit of the client.
    async fn work(&self, place: &Place, user: &str) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        while !self.stop.load(Ordering::SeqCst) {
            let login = place.try_log_in(user).await.unwrap();
            if login.status == 200 {
                acknowledged.live.push(login.token());
                self.logins.fetch_add(1, Ordering::SeqCst);
            } else {
                assert_eq!(login.status, 503, "{}", login.body);
                self.refused.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(token) = acknowledged.live.last() {
                assert_eq!(place.status(token).await, 200, "what an instance holds it answers");
            }
            if acknowledged.live.len() > 3 {
                let token = acknowledged.live.remove(0);
                let status = place.log_out(&token).await;
                assert!(matches!(status, 202 | 204), "an end holds here, whatever the store does: {status}");
                // If the revocation reached the store before the outage, this node has dropped the session.
                assert!(matches!(place.status(&token).await, 401 | 503));
                acknowledged.ended.push(token);
            }
        }
        acknowledged
    }

    /// The server crashes, and something is done about it.
    async fn crash(&self, server: &Cluster, mend: impl FnOnce()) {
        until("there are sessions", async || self.logins() >= 60).await;
        tokio::task::block_in_place(|| server.stop());
        let refused = self.refused();
        until("logins are refused", async || self.refused() >= refused + MANY_REFUSED).await;
        tokio::task::block_in_place(mend);
        let logins = self.logins();
        until("logins succeed again", async || self.logins() >= logins + 60).await;
        self.stop.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_crashes_under_load_loses_nothing_that_was_acknowledged() {
    let server = Cluster::new();
    server.start();
    let world = World::within(server.url()).await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    nothing_is_lost(&a, &b, &server, || server.start()).await;
}

/// By a pooler whose configuration names the new server, as docs/scaling.md says.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failover_to_a_synchronous_standby_loses_nothing_that_was_acknowledged() {
    let server = Cluster::new();
    server.start();
    let world = World::within(server.url()).await;
    let standby = server.standby();
    let bouncer = Bouncer::in_mode("session", &server.url());
    let way = bouncer.url(&server.url());
    let options = ["--store-url", way.as_str()];
    let (a, b) =
        tokio::join!(Node::start_over(&world, &way, &options), Node::start_over(&world, &way, &options));
    let fail_over = || {
        standby.promote();
        bouncer.lead_to(&standby.url());
    };
    nothing_is_lost(&a, &b, &server, fail_over).await;
}

/// Has the server crash and something done about it while both instances are busy.
async fn nothing_is_lost(a: &Node, b: &Node, server: &Cluster, mend: impl FnOnce()) {
    let load = Load::default();
    let workers = (0..2 * WORKERS).map(|worker| {
        let place = if worker < WORKERS { &a.at } else { &b.at };
        load.work(place, if worker.is_multiple_of(2) { ADMIN } else { SPAIN })
    });
    let (acknowledged, ()) = tokio::join!(futures_util::future::join_all(workers), load.crash(server, mend));
    for (worker, acknowledged) in acknowledged.iter().enumerate() {
        let (here, there) = if worker < WORKERS { (&a.at, &b.at) } else { (&b.at, &a.at) };
        for token in &acknowledged.live {
            assert_eq!((here.status(token).await, there.status(token).await), (200, 200));
        }
        for token in &acknowledged.ended {
            assert_eq!(here.status(token).await, 401);
            until("the end arrives", async || there.status(token).await == 401).await;
        }
    }
    for node in [a, b] {
        until("nothing is pending", async || node.at.metric("orgcache_pending_ends").await == 0).await;
    }
}
