//! The record cache: hits, invalidation and prefetch.

use std::sync::Arc;
use std::time::Duration;

use model_metadata::{CacheConfig, ManualClock, MetadataCache};
use odoo::{CachedReader, Call, OdooClient, OdooConfig, OdooError, Read, RecordCache, RecordPolicy};
use odoo_double::{Behaviour, Fault, OdooDouble};
use serde_json::{Map, Value, json};

use crate::support::{THINGS, config, double, password};

const MINUTE: Duration = Duration::from_secs(60);

struct World {
    double: OdooDouble,
    clock: Arc<ManualClock>,
    records: Arc<RecordCache>,
    metadata: Arc<MetadataCache<OdooError>>,
}

impl World {
    async fn new(policy: RecordPolicy) -> Self {
        let double = double(Behaviour::default()).await;
        let clock = Arc::new(ManualClock::default());
        let records = RecordCache::with_clock(policy, Arc::clone(&clock) as _);
        let metadata = Arc::new(MetadataCache::new(CacheConfig::default()));
        World { double, clock, records, metadata }
    }

    /// A client that is logged in and knows the fields of things.
    async fn client(&self, login: &str) -> OdooClient {
        let config = OdooConfig { login: Some(login.into()), ..config(&self.double, password()) };
        let client =
            OdooClient::with_parts(config, Arc::clone(&self.records), Arc::clone(&self.clock) as _).unwrap();
        let scope = client.scope().await.unwrap();
        self.metadata.fields(&Arc::new(client.clone()), &scope, THINGS).await.unwrap();
        client
    }

    fn reader(&self, client: &OdooClient) -> CachedReader {
        CachedReader::new(client.clone(), Arc::clone(&self.metadata))
    }

    fn reads_sent(&self) -> usize {
        self.double.calls().iter().filter(|call| call.method == "read").count()
    }
}

fn fields(id: i64, fields: &[&str]) -> Read {
    Read::new(THINGS, &[id], fields)
}

fn city(city: &str) -> Map<String, Value> {
    Map::from_iter([("city".to_owned(), city.into())])
}

#[tokio::test]
async fn callers_that_accept_cached_records_get_them() {
    let world = World::new(RecordPolicy::default()).await;
    let reader = world.reader(&world.client("admin").await);
    let read = Read::new(THINGS, &[2, 1, 2], &["name", "city"]);
    let first = reader.read_recent(read.clone(), MINUTE).await.unwrap();
    assert_eq!(reader.read_recent(read.clone(), MINUTE).await.unwrap(), first);
    let part = reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap();
    assert_eq!(Value::from(part[0].clone()), json!({"id": 1, "city": "City 1"}));
    assert_eq!(world.reads_sent(), 1);

    assert_eq!(reader.read(read.clone()).await.unwrap(), first);
    assert_eq!(world.reads_sent(), 2, "a caller that accepts no cached record");
    world.clock.advance(Duration::from_secs(2));
    reader.read_recent(read.clone(), Duration::from_secs(1)).await.unwrap();
    assert_eq!(world.reads_sent(), 3, "too old for this caller");
    world.clock.advance(Duration::from_secs(5));
    reader.read_recent(read.clone(), MINUTE).await.unwrap();
    assert_eq!(world.reads_sent(), 4, "expired");
    reader.read_recent(fields(1, &["name", "score"]), MINUTE).await.unwrap();
    reader.read_recent(fields(1, &[]), MINUTE).await.unwrap();
    assert_eq!(world.reads_sent(), 6, "not all fields are cached");
    assert_eq!(world.records.stats().hits, 2);
}

#[tokio::test]
async fn cached_records_are_per_principal_and_context() {
    let world = World::new(RecordPolicy::default()).await;
    let admin = world.reader(&world.client("admin").await);
    let demo = world.reader(&world.client("demo").await);
    let company = |id: i64| Map::from_iter([("allowed_company_ids".to_owned(), json!([id]))]);
    let read = fields(1, &["name"]);
    for sent in [4, 4] {
        admin.read_recent(read.clone(), MINUTE).await.unwrap();
        demo.read_recent(read.clone(), MINUTE).await.unwrap();
        admin.read_recent(read.clone().in_context(company(1)), MINUTE).await.unwrap();
        admin.read_recent(read.clone().in_context(company(2)), MINUTE).await.unwrap();
        assert_eq!(world.reads_sent(), sent);
    }
}

#[tokio::test]
async fn errors_and_missing_records_are_not_cached() {
    let world = World::new(RecordPolicy::default()).await;
    let reader = world.reader(&world.client("admin").await);
    for sent in 1..3 {
        assert!(reader.read_recent(fields(13, &["name"]), MINUTE).await.is_err());
        assert!(reader.read_recent(fields(999, &["name"]), MINUTE).await.unwrap().is_empty());
        assert!(reader.read_recent(Read::new(THINGS, &[], &["name"]), MINUTE).await.unwrap().is_empty());
        assert_eq!(world.reads_sent(), 3 * sent);
    }
    world.double.with_model(THINGS, |model| model.insert(999, &json!({"name": "Created"})));
    let created = reader.read_recent(fields(999, &["name"]), MINUTE).await.unwrap();
    assert_eq!(created[0]["name"], "Created");
}

#[tokio::test]
async fn a_write_by_one_user_invalidates_the_records_of_all() {
    let world = World::new(RecordPolicy::default()).await;
    let clients = [world.client("admin").await, world.client("demo").await];
    let readers = clients.each_ref().map(|client| world.reader(client));
    for (number, client) in clients.iter().enumerate() {
        for (turn, call) in [
            Call::write(THINGS, &[1], city(&format!("Write {number}"))),
            Call::method(THINGS, "write").on(&[1]).argument("vals", city(&format!("Method {number}"))),
        ]
        .into_iter()
        .enumerate()
        {
            for reader in &readers {
                reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap();
            }
            client.call::<bool>(call).await.unwrap();
            for reader in &readers {
                let row = &reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap()[0];
                let expected = format!("{} {number}", ["Write", "Method"][turn]);
                assert_eq!(row["city"], expected);
            }
        }
    }
    assert_eq!(world.records.stats().emptied, 4);
}

#[tokio::test]
async fn a_read_overtaken_by_a_write_is_not_cached() {
    let world = World::new(RecordPolicy::default()).await;
    let client = world.client("admin").await;
    let reader = world.reader(&client);
    // The server answers the read before the write, but the answer arrives after it.
    world.double.inject(Fault::Trickle(Duration::from_millis(1)));
    let slow = reader.read_recent(fields(1, &["city"]), MINUTE);
    let change = async {
        while world.reads_sent() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        client.call::<bool>(Call::write(THINGS, &[1], city("New"))).await.unwrap();
    };
    let (old, ()) = futures_util::future::join(slow, change).await;
    assert_eq!(old.unwrap()[0]["city"], "City 1");
    assert_eq!(world.records.stats().overtaken, 1);
    assert_eq!(reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap()[0]["city"], "New");
}

#[tokio::test]
async fn nothing_is_cached_while_the_outcome_of_a_write_is_unknown() {
    let world = World::new(RecordPolicy::default()).await;
    let client = world.client("admin").await;
    let reader = world.reader(&client);
    world.double.inject(Fault::CloseUnanswered);
    assert!(client.call::<bool>(Call::write(THINGS, &[1], city("New"))).await.is_err());
    for _ in 0..2 {
        reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap();
    }
    assert_eq!((world.reads_sent(), world.records.stats().entries), (2, 0));
    world.clock.advance(RecordPolicy::default().doubt);
    for _ in 0..2 {
        reader.read_recent(fields(1, &["city"]), MINUTE).await.unwrap();
    }
    assert_eq!(world.reads_sent(), 3);
}

#[tokio::test]
async fn the_memory_stays_within_the_bound() {
    let policy = RecordPolicy { max_bytes: 8_000, ..RecordPolicy::default() };
    let world = World::new(policy).await;
    let reader = world.reader(&world.client("admin").await);
    for id in (1..=50).filter(|id| *id != 13) {
        reader.read_recent(fields(id, &["name", "city"]), MINUTE).await.unwrap();
        assert!(world.records.stats().bytes <= 8_000);
    }
    let stats = world.records.stats();
    assert!(stats.entries > 2 && stats.entries < 40, "{stats:?}");
    reader.read_recent(fields(50, &["name", "city"]), MINUTE).await.unwrap();
    assert_eq!(world.records.stats().hits, 1, "the latest record is cached");
    world.clock.advance(MINUTE);
    reader.read_recent(fields(1, &["name"]), MINUTE).await.unwrap();
    assert_eq!(world.records.stats().entries, 1, "expired records are evicted");
}

#[tokio::test]
async fn frequently_requested_fields_are_prefetched() {
    let world = World::new(RecordPolicy::default()).await;
    let reader = world.reader(&world.client("admin").await);
    // A user usually reads the name of a thing and then its city, and sometimes more.
    for id in 14..=22 {
        reader
            .read_recent(fields(id, &["name", "city", "note", "image", "line_ids", "score"]), MINUTE)
            .await
            .unwrap();
    }
    let before = world.reads_sent();
    for id in 23..=32 {
        let row = &reader.read_recent(fields(id, &["name"]), MINUTE).await.unwrap()[0];
        assert_eq!(Value::from(row.clone()), json!({"id": id, "name": format!("Thing {id}")}));
        let row = &reader.read_recent(fields(id, &["city"]), MINUTE).await.unwrap()[0];
        assert_eq!(Value::from(row.clone()), json!({"id": id, "city": format!("City {}", id % 5)}));
        // This request keeps both fields above half of the requests.
        reader.read_recent(fields(id, &["name", "city"]), MINUTE).await.unwrap();
    }
    assert_eq!(world.reads_sent() - before, 10, "one request for three reads");
    let stats = world.records.stats();
    assert_eq!((stats.ahead_read, stats.ahead_useful, stats.ahead_wasted), (10, 10, 0), "{stats:?}");
    for call in world.double.calls().iter().filter(|call| call.method == "read").skip(before) {
        assert_eq!(
            call.names("fields").unwrap(),
            ["city", "name"],
            "large or computed fields are not prefetched"
        );
    }
}

#[tokio::test]
async fn useless_prefetch_is_paused() {
    let world = World::new(RecordPolicy::default()).await;
    let reader = world.reader(&world.client("admin").await);
    let mut ids = (14..=50).cycle();
    let mut read = async |names: &[&str]| {
        reader.read_recent(fields(ids.next().unwrap(), names), MINUTE).await.unwrap();
        world.clock.advance(Duration::from_secs(10));
    };
    // Both fields are requested often, but never of the same record within the time to live.
    for _ in 0..150 {
        read(&["name"]).await;
        read(&["city", "name"]).await;
        read(&["city"]).await;
    }
    let stats = world.records.stats();
    assert!(stats.ahead_paused >= 1 && stats.ahead_useful == 0, "{stats:?}");
    assert!(stats.ahead_read < 100, "prefetch was not paused: {stats:?}");
}

#[tokio::test]
async fn a_removed_field_fails_only_reads_that_request_it() {
    let world = World::new(RecordPolicy::default()).await;
    let reader = world.reader(&world.client("admin").await);
    for id in 14..=24 {
        reader.read_recent(fields(id, &["name", "city"]), MINUTE).await.unwrap();
    }
    world.double.with_model(THINGS, |model| model.fields.remove("city"));
    let row = &reader.read_recent(fields(30, &["name"]), MINUTE).await.unwrap()[0];
    assert_eq!(Value::from(row.clone()), json!({"id": 30, "name": "Thing 30"}));
    assert!(matches!(
        reader.read_recent(fields(30, &["city"]), MINUTE).await,
        Err(OdooError::Rejected { .. })
    ));
}
