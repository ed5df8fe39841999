//! A revocation on one instance reaches the others, with and without notifications.

use serde_json::json;

use crate::network::Network;
use crate::node::{Endpoint, Node};
use crate::server::Bouncer;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, SPAIN_ID, World};

/// Revokes sessions on one instance in every way, and waits until the other has dropped them.
async fn assert_revocations_arrive(here: &Endpoint, there: &Endpoint) {
    let admin = here.token(ADMIN).await;
    let (out, forced, refreshed) =
        (here.token(SPAIN).await, here.token(SPAIN).await, here.token(ADMIN).await);
    for token in [&admin, &out, &forced, &refreshed] {
        assert_eq!(there.status(token).await, 200, "the other instance caches the session");
    }
    assert_eq!(here.log_out(&out).await, 204);
    assert_eq!(here.status(&out).await, 401, "at once on this instance");
    let renewed = here.post("/v1/session/refresh", &refreshed, &json!(null)).await.token();
    let ended = here.post("/v1/admin/sessions/end", &admin, &json!({"user": SPAIN_ID})).await;
    assert_eq!(
        (ended.status, &ended.body["ended"], &ended.body["elsewhere"]),
        (200, &json!(1), &json!("done"))
    );
    for token in [&out, &refreshed, &forced] {
        until("the session ends", async || there.status(token).await == 401).await;
    }
    for token in [&renewed, &admin] {
        assert_eq!(there.status(token).await, 200, "other sessions must not end");
        assert_eq!(here.status(token).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_reach_the_other_instance() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    assert_revocations_arrive(&a.endpoint, &b.endpoint).await;
    assert_revocations_arrive(&b.endpoint, &a.endpoint).await;
    // A revocation that is acknowledged is durable, even if the instance is killed at once.
    let token = a.endpoint.token(ADMIN).await;
    assert_eq!(b.endpoint.status(&token).await, 200);
    assert_eq!(a.endpoint.log_out(&token).await, 204);
    a.kill().await;
    until("the session ends", async || b.endpoint.status(&token).await == 401).await;
}

/// The store is behind pgbouncer, and the network drops all notifications on the direct connection.
#[tokio::test(flavor = "multi_thread")]
async fn revocations_reach_an_instance_without_notifications() {
    let world = World::new().await;
    let bouncer = Bouncer::new(&world.url);
    let network = Network::start(&world.url).await;
    let pooled = bouncer.url(&world.url);
    let options = ["--store-url", &pooled, "--store-direct-url", network.url()];
    let a = Node::start_with(&world, &options).await;
    let b = Node::start_with(&world, &options).await;
    let connections = network.connections();
    assert_revocations_arrive(&a.endpoint, &b.endpoint).await;
    assert_revocations_arrive(&b.endpoint, &a.endpoint).await;
    assert!(b.endpoint.metric("orgcache_sessions_ended_elsewhere_total").await >= 3);
    until("the notifications are lost", async || network.lost() >= 12).await;
    assert_eq!(network.connections(), connections, "the instances must not reconnect");
}
