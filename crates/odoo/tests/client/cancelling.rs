//! Cancellation: a request that was not sent is not sent later; a write that was sent is completed.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheConfig, MetadataCache};
use odoo::{Call, OdooClient, OdooConfig, Read, Reader};
use odoo_double::{Behaviour, OdooDouble};
use serde_json::{Map, Value, json};

use crate::support::{THINGS, api_key, config, double, password};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_millis(400);

fn created() -> Call {
    Call::create(THINGS, [Map::from_iter([("name".to_owned(), Value::from("New"))])])
}

fn writes(double: &OdooDouble) -> usize {
    double.calls().iter().filter(|call| call.method == "create").count()
}

/// Starts a creation and cancels it after a short time.
async fn cancel_creation(client: &OdooClient) {
    let cancelled = tokio::time::timeout(SHORT, client.call::<Value>(created())).await;
    assert!(cancelled.is_err(), "answered before the cancellation");
    tokio::time::sleep(LONG * 2).await;
}

#[tokio::test]
async fn a_write_that_waits_for_the_login_is_not_sent() {
    for (version, credential) in [(17, password()), (18, api_key()), (19, api_key())] {
        let mut behaviour = Behaviour { version, ..Behaviour::default() };
        for method in ["login", "context_get"] {
            behaviour.delays.insert(method, LONG);
        }
        let double = double(behaviour).await;
        cancel_creation(&OdooClient::new(config(&double, credential)).unwrap()).await;
        assert_eq!(writes(&double), 0, "{version}");
    }
}

#[tokio::test]
async fn a_write_that_waits_for_a_connection_is_not_sent() {
    let behaviour = Behaviour { delays: [("search_count", LONG)].into(), ..Behaviour::default() };
    let double = double(behaviour).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    client.scope().await.unwrap();
    let counting = client.call::<Value>(Call::search_count(THINGS, json!([])));
    let (counted, ()) = tokio::join!(counting, cancel_creation(&client));
    assert_eq!((counted.unwrap(), writes(&double)), (json!(50), 0));
}

#[tokio::test]
async fn a_cancelled_write_is_not_sent_again_in_a_new_session() {
    let double = double(Behaviour::default()).await;
    let client = OdooClient::new(config(&double, password())).unwrap();
    client.scope().await.unwrap();
    double.expire_sessions();
    double.behave(|behaviour| behaviour.delays = [("login", LONG)].into());
    cancel_creation(&client).await;
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(50));
}

#[tokio::test]
async fn a_write_that_was_sent_is_completed() {
    let behaviour = Behaviour { delays: [("create", LONG)].into(), ..Behaviour::default() };
    let double = double(behaviour).await;
    let client = OdooClient::new(config(&double, password())).unwrap();
    client.scope().await.unwrap();
    cancel_creation(&client).await;
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(51));
    assert_eq!(client.pool_stats().free, client.config().pool_size);
}

#[tokio::test]
async fn cancelled_reads_leave_the_queue() {
    let behaviour = Behaviour { delays: [("search_count", LONG)].into(), ..Behaviour::default() };
    let double = double(behaviour).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    let reader = Reader::new(client.clone(), Arc::new(MetadataCache::new(CacheConfig::default())));
    client.scope().await.unwrap();
    let counting = client.call::<Value>(Call::search_count(THINGS, json!([])));
    let reading = async {
        let read = |id: i64| tokio::time::timeout(SHORT, reader.read(Read::new(THINGS, &[id], &["name"])));
        let (one, other) = tokio::join!(read(1), read(2));
        assert!(one.is_err() && other.is_err(), "answered before the cancellation");
    };
    let (counted, ()) = tokio::join!(counting, reading);
    counted.unwrap();
    tokio::time::sleep(LONG).await;
    let methods: Vec<String> = double.calls().into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["search_count"]);
}

#[tokio::test]
async fn a_cancelled_half_of_a_failed_batch_is_not_sent() {
    let delays = [("search_count", SHORT), ("read", LONG)].into();
    let double = double(Behaviour { delays, ..Behaviour::default() }).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    let reader = Reader::new(client.clone(), Arc::new(MetadataCache::new(CacheConfig::default())));
    client.scope().await.unwrap();
    let reads = || double.calls().iter().filter(|call| call.method == "read").count();
    let forbidden = || reader.read(Read::new(THINGS, &[13], &["name"]));
    let counting = client.call::<Value>(Call::search_count(THINGS, json!([])));
    let one_half_sent = async {
        while reads() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(counting, forbidden(), forbidden()) } => panic!("answered before the cancellation"),
        () = one_half_sent => {}
    }
    tokio::time::sleep(LONG * 2).await;
    assert_eq!((reads(), reader.stats().splits), (2, 1), "only the batch and one half were sent");
    assert_eq!(client.pool_stats().free, 1);
}
