//! A caller that goes away: what has not left is not sent, what has left is carried through.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheConfig, MetadataCache};
use odoo::{Call, OdooClient, OdooConfig, Read, Reader};
use odoo_double::{Behaviour, OdooDouble};
use serde_json::{Map, Value, json};

use crate::support::{THINGS, api_key, config, double, password};

const MOMENT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_millis(400);

fn created() -> Call {
    Call::create(THINGS, [Map::from_iter([("name".to_owned(), Value::from("New"))])])
}

fn writes(double: &OdooDouble) -> usize {
    double.calls().iter().filter(|call| call.method == "create").count()
}

/// Begins a creation, and gives it up after a moment.
async fn give_up(client: &OdooClient) {
    let given_up = tokio::time::timeout(MOMENT, client.call::<Value>(created())).await;
    assert!(given_up.is_err(), "it was given up in the middle");
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
        give_up(&OdooClient::new(config(&double, credential)).unwrap()).await;
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
    let (counted, ()) = tokio::join!(counting, give_up(&client));
    assert_eq!((counted.unwrap(), writes(&double)), (json!(50), 0));
}

#[tokio::test]
async fn a_write_whose_session_is_over_is_not_sent_again() {
    let double = double(Behaviour::default()).await;
    let client = OdooClient::new(config(&double, password())).unwrap();
    client.scope().await.unwrap();
    double.expire_sessions();
    double.behave(|behaviour| behaviour.delays = [("login", LONG)].into());
    give_up(&client).await;
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(50));
}

#[tokio::test]
async fn a_write_that_has_left_is_carried_through() {
    let behaviour = Behaviour { delays: [("create", LONG)].into(), ..Behaviour::default() };
    let double = double(behaviour).await;
    let client = OdooClient::new(config(&double, password())).unwrap();
    client.scope().await.unwrap();
    give_up(&client).await;
    assert_eq!(double.with_model(THINGS, |model| model.records.len()), Some(51));
    assert_eq!(client.pool_stats().free, client.config().pool_size);
}

#[tokio::test]
async fn reads_in_a_queue_are_withdrawn() {
    let behaviour = Behaviour { delays: [("search_count", LONG)].into(), ..Behaviour::default() };
    let double = double(behaviour).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    let reader = Reader::new(client.clone(), Arc::new(MetadataCache::new(CacheConfig::default())));
    client.scope().await.unwrap();
    let counting = client.call::<Value>(Call::search_count(THINGS, json!([])));
    let reading = async {
        let read = |id: i64| tokio::time::timeout(MOMENT, reader.read(Read::new(THINGS, &[id], &["name"])));
        let (one, other) = tokio::join!(read(1), read(2));
        assert!(one.is_err() && other.is_err(), "they are given up while they wait");
    };
    let (counted, ()) = tokio::join!(counting, reading);
    counted.unwrap();
    tokio::time::sleep(LONG).await;
    let methods: Vec<String> = double.calls().into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["search_count"]);
}

#[tokio::test]
async fn the_half_of_a_failed_batch_that_waits_for_a_connection_is_withdrawn() {
    let delays = [("search_count", MOMENT), ("read", LONG)].into();
    let double = double(Behaviour { delays, ..Behaviour::default() }).await;
    let client = OdooClient::new(OdooConfig { pool_size: 1, ..config(&double, password()) }).unwrap();
    let reader = Reader::new(client.clone(), Arc::new(MetadataCache::new(CacheConfig::default())));
    client.scope().await.unwrap();
    let reads = || double.calls().iter().filter(|call| call.method == "read").count();
    let forbidden = || reader.read(Read::new(THINGS, &[13], &["name"]));
    let counting = client.call::<Value>(Call::search_count(THINGS, json!([])));
    let until_one_half_has_left = async {
        while reads() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(counting, forbidden(), forbidden()) } => panic!("nobody gave up"),
        () = until_one_half_has_left => {}
    }
    tokio::time::sleep(LONG * 2).await;
    assert_eq!((reads(), reader.stats().splits), (2, 1), "the batch and one half: the other had not left");
    assert_eq!(client.pool_stats().free, 1);
}
