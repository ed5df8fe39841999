//! The connection pool: its bound, its queue, and closed connections.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use model_metadata::ManualClock;
use odoo::{Call, CallLimits, Fault as ClientFault, OdooClient, OdooConfig, OdooError};
use odoo_double::{Behaviour, Fault};
use serde_json::{Map, Value};

use crate::support::{THINGS, client, client_on, config, double, impatient, limits, name_of, password};

fn slow(milliseconds: u64) -> Behaviour {
    let mut behaviour = Behaviour::default();
    behaviour.delays.insert("read", Duration::from_millis(milliseconds));
    behaviour
}

#[tokio::test]
async fn an_open_connection_is_reused() {
    let double = double(Behaviour { keep_alive: true, ..Behaviour::default() }).await;
    let client = client(&double);
    for id in 1..=10 {
        name_of(&client, id).await.unwrap();
    }
    assert_eq!(double.connections(), 1);
    let stats = client.pool_stats();
    assert_eq!((stats.connections_made, stats.connections_reused, stats.idle), (1, 10, 1));
}

#[tokio::test]
async fn a_server_that_closes_connections_gets_a_new_one_for_each_request() {
    let double = double(Behaviour::default()).await;
    let client = client(&double);
    for id in 1..=5 {
        name_of(&client, id).await.unwrap();
    }
    assert_eq!((double.connections(), client.pool_stats().idle), (6, 0));
    assert_eq!(client.pool_stats().faults, 0);
}

#[tokio::test]
async fn the_pool_bounds_the_concurrent_calls() {
    for keep_alive in [false, true] {
        let double = double(Behaviour { keep_alive, ..slow(20) }).await;
        let client = OdooClient::new(OdooConfig { pool_size: 3, ..config(&double, password()) }).unwrap();
        for name in join_all((1..=12).map(|id| name_of(&client, id))).await {
            name.unwrap();
        }
        assert_eq!(double.most_running(), 3);
        assert_eq!(client.pool_stats().waits, 9);
        assert!(client.pool_stats().free == 3 && (!keep_alive || double.connections() == 3));
    }
}

#[tokio::test]
async fn waiting_calls_are_served_in_order() {
    let double = double(slow(5)).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    for name in join_all((1..=10).map(|id| name_of(&client, id))).await {
        name.unwrap();
    }
    let order: Vec<i64> = double.calls().iter().map(|call| call.ids()[0]).collect();
    assert_eq!(order, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_dropped_while_it_waits_leaves_the_queue() {
    let double = double(slow(20)).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    let first = name_of(&client, 1);
    let mut second = Box::pin(name_of(&client, 2));
    let third = name_of(&client, 3);
    tokio::pin!(first, third);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    assert!((&mut third).now_or_never().is_none());
    drop(second);
    assert_eq!(first.await.unwrap(), "Thing 1");
    assert_eq!(third.await.unwrap(), "Thing 3");
    assert_eq!(double.calls().len(), 2);
    assert_eq!(client.pool_stats().free, 1);
}

#[tokio::test]
async fn a_cancelled_call_closes_its_connection() {
    let double = double(Behaviour { keep_alive: true, ..slow(200) }).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    client.scope().await.unwrap();
    let cancelled = tokio::time::timeout(Duration::from_millis(20), name_of(&client, 1)).await;
    assert!(cancelled.is_err());
    assert_eq!(
        (client.pool_stats().free, client.pool_stats().idle),
        (1, 0),
        "another call could read its answer"
    );
    assert_eq!(name_of(&client, 2).await.unwrap(), "Thing 2");
}

#[tokio::test]
async fn waiting_for_a_connection_times_out() {
    let double = double(Behaviour::default()).await;
    let wait = Duration::from_millis(30);
    let limits = CallLimits { wait, ..impatient() };
    let client = OdooClient::new(OdooConfig { pool_size: 1, limits, ..config(&double, password()) }).unwrap();
    client.scope().await.unwrap();
    double.inject(Fault::Hang);
    let (hanging, waiting) = futures_util::future::join(name_of(&client, 1), name_of(&client, 2)).await;
    assert!(matches!(hanging, Err(OdooError::Fault(ClientFault::Timeout { .. }))));
    assert_eq!(waiting, Err(OdooError::Fault(ClientFault::Busy { within: wait })));
    assert_eq!(client.pool_stats().wait_timeouts, 1);
}

#[tokio::test]
async fn connections_closed_while_idle_are_not_used() {
    let double = double(Behaviour { keep_alive: true, ..slow(10) }).await;
    let client = client(&double);
    for round in 1..=5 {
        for name in join_all((1..=5).map(|id| name_of(&client, id))).await {
            name.unwrap();
        }
        double.close_connections();
        tokio::time::sleep(Duration::from_millis(20)).await;
        // A write is not retried, so it must not use a closed connection.
        client.call::<bool>(Call::write(THINGS, &[1], Map::new())).await.unwrap();
        assert_eq!(client.pool_stats().faults, 0, "round {round}");
    }
}

#[tokio::test]
async fn a_write_does_not_use_a_connection_that_was_idle_for_long() {
    let double = double(Behaviour { keep_alive: true, ..Behaviour::default() }).await;
    let clock = Arc::new(ManualClock::default());
    let client = client_on(config(&double, password()), &clock);
    let write = || client.call::<bool>(Call::write(THINGS, &[1], Map::new()));
    name_of(&client, 1).await.unwrap();
    write().await.unwrap();
    assert_eq!(double.connections(), 1);
    clock.advance(Duration::from_secs(2));
    name_of(&client, 1).await.unwrap();
    assert_eq!(double.connections(), 1);
    clock.advance(Duration::from_secs(2));
    write().await.unwrap();
    assert_eq!(double.connections(), 2);
}

#[tokio::test]
async fn idle_connections_are_checked_and_closed_ones_replaced() {
    let double = double(Behaviour { keep_alive: true, ..slow(10) }).await;
    let limits = CallLimits { health_interval: Duration::from_millis(20), ..limits() };
    let client = OdooClient::new(OdooConfig { limits, ..config(&double, password()) }).unwrap();
    for name in join_all((1..=5).map(|id| name_of(&client, id))).await {
        name.unwrap();
    }
    let eventually = async |holds: &dyn Fn() -> bool| {
        for _ in 0..6_000 {
            if holds() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    };
    assert!(eventually(&|| client.pool_stats().health_checks >= 10).await);
    assert!(eventually(&|| client.pool_stats().idle == 5).await);
    assert_eq!(client.pool_stats().connections_replaced, 0);
    double.close_connections();
    assert!(eventually(&|| client.pool_stats().connections_replaced >= 5).await);
    assert_eq!(client.pool_stats().faults, 0, "a call used a closed connection");
}

#[tokio::test]
async fn health_checks_end_with_the_client() {
    let double = double(Behaviour { keep_alive: true, ..Behaviour::default() }).await;
    let limits = CallLimits { health_interval: Duration::from_millis(10), ..limits() };
    let client = OdooClient::new(OdooConfig { limits, ..config(&double, password()) }).unwrap();
    name_of(&client, 1).await.unwrap();
    drop(client);
    tokio::time::sleep(Duration::from_millis(30)).await;
    let seen = double.seen().len();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(double.seen().len(), seen, "a health check after the end of the client");
}

#[tokio::test]
async fn compressed_answers_are_decompressed_and_counted() {
    for encoding in ["gzip", "zstd"] {
        let double = double(Behaviour { encodings: vec![encoding], ..Behaviour::default() }).await;
        let client = client(&double);
        let ids: Vec<i64> = (1..=12).chain(14..=50).collect();
        let rows: Vec<Value> = client.call(Call::read(THINGS, &ids, &[])).await.unwrap();
        assert_eq!(rows.len(), 49);
        let stats = client.pool_stats();
        assert!(stats.bytes_saved() * 10 > stats.bytes_unpacked * 6, "{encoding}: {stats:?}");
    }
}
