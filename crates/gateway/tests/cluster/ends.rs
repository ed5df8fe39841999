//! What ends on one instance ends on all of them, whether or not they hear of it.

use serde_json::json;

use crate::network::Network;
use crate::node::{Node, Place};
use crate::server::Bouncer;
use crate::waiting::until;
use crate::world::{ADMIN, SPAIN, SPAIN_ID, World};

/// Ends sessions on one instance, in every way, and waits until the other one knows.
async fn ends_arrive(here: &Place, there: &Place) {
    let admin = here.token(ADMIN).await;
    let (out, forced, refreshed) =
        (here.token(SPAIN).await, here.token(SPAIN).await, here.token(ADMIN).await);
    for token in [&admin, &out, &forced, &refreshed] {
        assert_eq!(there.status(token).await, 200, "the other instance holds it from now on");
    }
    assert_eq!(here.log_out(&out).await, 204);
    assert_eq!(here.status(&out).await, 401, "here at once");
    let renewed = here.post("/v1/session/refresh", &refreshed, &json!(null)).await.token();
    let ended = here.post("/v1/admin/sessions/end", &admin, &json!({"user": SPAIN_ID})).await;
    assert_eq!(
        (ended.status, &ended.body["ended"], &ended.body["elsewhere"]),
        (200, &json!(1), &json!("done"))
    );
    for token in [&out, &refreshed, &forced] {
        until("an end arrives", async || there.status(token).await == 401).await;
    }
    for token in [&renewed, &admin] {
        assert_eq!(there.status(token).await, 200, "nobody else is ended");
        assert_eq!(here.status(token).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_reaches_the_other_instance() {
    let world = World::new().await;
    let (a, b) = tokio::join!(Node::start(&world), Node::start(&world));
    ends_arrive(&a.at, &b.at).await;
    ends_arrive(&b.at, &a.at).await;
    // One that is killed the moment it acknowledged an end has told the store already.
    let token = a.at.token(ADMIN).await;
    assert_eq!(b.at.status(&token).await, 200);
    assert_eq!(a.at.log_out(&token).await, 204);
    a.kill().await;
    until("the end arrives", async || b.at.status(&token).await == 401).await;
}

/// The instances' sessions go through a proxy that pools transactions, and neither hears anything.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_reaches_an_instance_that_hears_nothing() {
    let world = World::new().await;
    let bouncer = Bouncer::new(&world.url);
    let network = Network::to(&world.url).await;
    let pooled = bouncer.url(&world.url);
    let options = ["--store-url", &pooled, "--store-direct-url", network.url()];
    let a = Node::start_with(&world, &options).await;
    let b = Node::start_with(&world, &options).await;
    let connections = network.connections();
    ends_arrive(&a.at, &b.at).await;
    ends_arrive(&b.at, &a.at).await;
    assert!(b.at.metric("orgcache_sessions_ended_elsewhere_total").await >= 3);
    until("the notifications are lost", async || network.lost() >= 12).await;
    assert_eq!(network.connections(), connections, "nobody made a new connection to listen on");
}
