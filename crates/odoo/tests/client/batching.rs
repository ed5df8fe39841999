//! Batched reads: each caller gets the same answer as without batching.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use model_metadata::{CacheConfig, MetadataCache};
use odoo::{Call, CallLimits, Fault as ClientFault, OdooClient, OdooConfig, OdooError, Read, Reader};
use odoo_double::{Behaviour, Fault, OdooDouble};
use serde_json::{Map, Value, json};

use crate::support::{THINGS, config, double, impatient, password};

struct World {
    double: OdooDouble,
    client: OdooClient,
    metadata: Arc<MetadataCache<OdooError>>,
    reader: Reader,
}

/// A client with one connection.
async fn world(change: impl FnOnce(&mut OdooConfig)) -> World {
    let double = double(Behaviour::default()).await;
    double.behave(|behaviour| behaviour.delays = [("search_count", Duration::from_millis(30))].into());
    let mut config = OdooConfig { pool_size: 1, ..config(&double, password()) };
    change(&mut config);
    let client = OdooClient::new(config).unwrap();
    client.scope().await.unwrap();
    let metadata = Arc::new(MetadataCache::new(CacheConfig::default()));
    let reader = Reader::new(client.clone(), Arc::clone(&metadata));
    World { double, client, metadata, reader }
}

impl World {
    /// Sends concurrent reads while the connection is in use. The answers are in the order of the reads.
    async fn together(&self, reads: &[Read]) -> Vec<Result<Vec<Map<String, Value>>, OdooError>> {
        let busy = self.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        let reads = join_all(reads.iter().map(|read| self.reader.read(read.clone())));
        let (busy, answers) = futures_util::future::join(busy, reads).await;
        busy.unwrap();
        answers
    }

    /// The answers to the same reads without batching.
    async fn alone(&self, reads: &[Read]) -> Vec<Result<Vec<Map<String, Value>>, OdooError>> {
        let mut answers = Vec::new();
        for read in reads {
            answers.push(self.reader.read(read.clone()).await);
        }
        answers
    }

    fn reads_sent(&self) -> usize {
        self.double.calls().iter().filter(|call| call.method == "read").count()
    }

    /// Checks that concurrent reads get the same answers as single ones, with this number of requests.
    async fn check(&self, reads: &[Read], requests: usize) {
        let alone = self.alone(reads).await;
        let before = self.reads_sent();
        let together = self.together(reads).await;
        assert_eq!(together, alone);
        assert_eq!(self.reads_sent() - before, requests);
    }
}

fn names(ids: &[i64]) -> Read {
    Read::new(THINGS, ids, &["name"])
}

#[tokio::test]
async fn a_read_with_a_free_connection_is_sent_at_once() {
    let world = world(|_| ()).await;
    for id in 1..=3 {
        world.reader.read(names(&[id])).await.unwrap();
    }
    let stats = world.reader.stats();
    assert_eq!((stats.direct, stats.queued, stats.batches), (3, 0, 0));
    let ids: Vec<_> = world.double.calls().iter().map(odoo_double::ServerCall::ids).collect();
    assert_eq!(ids, [[1], [2], [3]]);
}

#[tokio::test]
async fn each_caller_gets_its_own_order_and_duplicates() {
    let world = world(|_| ()).await;
    let reads = [names(&[3, 1, 3]), names(&[2]), names(&[999]), names(&[1, 999, 2]), names(&[2])];
    world.check(&reads, 1).await;
    let sent = world.double.calls().last().unwrap().ids();
    assert_eq!(sent, [3, 1, 2, 999], "each id is requested once");
    let stats = world.reader.stats();
    assert_eq!((stats.queued, stats.together, stats.batches, stats.requests_saved()), (5, 5, 1, 4));
}

#[tokio::test]
async fn a_forbidden_record_fails_only_its_own_read() {
    let world = world(|_| ()).await;
    let mut reads: Vec<Read> = (20..36).map(|id| names(&[id])).collect();
    reads[5] = names(&[1, 13]);
    let alone = world.alone(&reads).await;
    let before = world.reads_sent();
    assert_eq!(world.together(&reads).await, alone);
    assert!(matches!(alone[5], Err(OdooError::Access { .. })));
    let sent = world.reads_sent() - before;
    assert!(sent <= 9, "{sent} requests for 16 reads, one of which fails");
    assert!(world.reader.stats().splits >= 1);
}

#[tokio::test]
async fn an_error_for_a_missing_id_fails_only_its_own_read() {
    let world = world(|_| ()).await;
    world.double.behave(|behaviour| behaviour.missing_is_an_error = true);
    let reads = [names(&[1]), names(&[999]), names(&[2, 3]), names(&[998])];
    let answers = world.together(&reads).await;
    assert_eq!(answers, world.alone(&reads).await);
    assert!(matches!(answers[1], Err(OdooError::Missing { .. })));
    assert_eq!(answers[2].as_ref().unwrap().len(), 2);
}

#[tokio::test]
async fn reads_of_different_contexts_or_models_are_not_batched() {
    let world = world(|_| ()).await;
    world.double.put_model("x.other", crate::support::things());
    let company = |id: i64| Map::from_iter([("allowed_company_ids".to_owned(), json!([id]))]);
    let reads = [
        names(&[1]),
        names(&[2]).in_context(company(1)),
        names(&[3]).in_context(company(2)),
        Read::new("x.other", &[1], &["name"]),
        Read::new(THINGS, &[1], &["city"]),
        Read::new(THINGS, &[1], &[]),
        names(&[4]).in_context(company(2)),
    ];
    world.check(&reads, 6).await;
}

#[tokio::test]
async fn similar_fields_are_batched_if_they_are_known_to_be_cheap() {
    let world = world(|_| ()).await;
    let read = |ids: &[i64], fields: &[&str]| Read::new(THINGS, ids, fields);
    let cheap = [read(&[1], &["name"]), read(&[2, 1], &["city", "name"]), read(&[3], &["city"])];
    world.check(&cheap, 3).await;

    let scope = world.client.scope().await.unwrap();
    let client = Arc::new(world.client.clone());
    world.metadata.fields(&client, &scope, THINGS).await.unwrap();
    world.check(&cheap, 1).await;
    for expensive in ["image", "score", "no_such"] {
        world.check(&[read(&[1], &["name"]), read(&[1], &["name", expensive])], 2).await;
    }
    world.check(&[read(&[1], &["name"]), read(&[1], &[])], 2).await;
    let many: Vec<i64> = (20..50).collect();
    let three = ["city", "name", "note"];
    world.check(&[read(&many, &["name"]), read(&[1], &three)], 1).await;
    let more: Vec<i64> = (14..50).collect();
    world.check(&[read(&more, &["name"]), read(&[1], &three)], 2).await;
}

#[tokio::test]
async fn a_full_batch_is_followed_by_another() {
    let world = world(|config| config.batch_size = 10).await;
    let reads: Vec<Read> = (20..35).map(|id| names(&[id, 1])).collect();
    world.check(&reads, 3).await;
    let large: Vec<i64> = (14..40).collect();
    world.check(&[names(&[1]), names(&large), names(&[2])], 2).await;
}

#[tokio::test]
async fn without_batching_each_read_is_a_request() {
    let world = world(|config| config.batching = false).await;
    let reads: Vec<Read> = (20..25).map(|id| names(&[id])).collect();
    world.check(&reads, 5).await;
}

#[tokio::test]
async fn a_dropped_caller_does_not_affect_the_others() {
    let world = world(|_| ()).await;
    for dropped in 0..4 {
        let busy = world.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        let mut reads: Vec<_> = (1..=4).map(|id| Box::pin(world.reader.read(names(&[id])))).collect();
        for read in &mut reads {
            assert!(read.now_or_never().is_none());
        }
        drop(reads.remove(dropped));
        let (_, answers) = futures_util::future::join(busy, join_all(reads)).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().len() == 1));
        let sent = world.double.calls().last().unwrap().ids();
        assert_eq!(sent.len(), 3, "the read of a dropped caller is not sent");
    }
    assert_eq!(world.client.pool_stats().free, 1);
}

#[tokio::test]
async fn batched_reads_time_out_like_single_ones() {
    let wait = Duration::from_millis(30);
    let world = world(|config| config.limits = CallLimits { wait, ..impatient() }).await;
    world.double.inject(Fault::Hang);
    let hanging = world.reader.read(names(&[1]));
    tokio::pin!(hanging);
    assert!((&mut hanging).now_or_never().is_none());
    let waiting = join_all((2..=4).map(|id| world.reader.read(names(&[id]))));
    let (hung, waited) = futures_util::future::join(hanging, waiting).await;
    assert!(matches!(hung, Err(OdooError::Fault(ClientFault::Timeout { .. }))));
    for answer in waited {
        assert_eq!(answer, Err(OdooError::Fault(ClientFault::Busy { within: wait })));
    }
    assert_eq!(world.reads_sent(), 1);
    assert_eq!(world.reader.read(names(&[5])).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fault_of_a_batch_is_not_passed_on_to_its_callers() {
    let world = world(|_| ()).await;
    for fault in [Fault::CloseHalfway, Fault::Garbage, Fault::Html(500), Fault::ServerError] {
        let reads: Vec<Read> = (1..=6).map(|id| names(&[id])).collect();
        let busy = world.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        // Inject the fault only after the server has received the call in flight.
        while world.double.calls().last().is_none_or(|call| call.method != "search_count") {
            tokio::select! {
                _ = &mut busy => panic!("the call ended early"),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        world.double.inject(fault.clone());
        let reads = join_all(reads.into_iter().map(|read| world.reader.read(read)));
        let (_, answers) = futures_util::future::join(busy, reads).await;
        assert!(answers.iter().all(Result::is_ok), "{fault:?}: {answers:?}");
        world.client.call::<Value>(Call::read(THINGS, &[1], &["name"])).await.unwrap();
    }
}
