//! Reads that travel together: each caller gets what it would have got alone.

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

/// One connection, which is in use: a read has to wait.
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
    /// Reads at the same time while the connection is in use; the answers are in the order of the reads.
    async fn together(&self, reads: &[Read]) -> Vec<Result<Vec<Map<String, Value>>, OdooError>> {
        let busy = self.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        let reads = join_all(reads.iter().map(|read| self.reader.read(read.clone())));
        let (busy, answers) = futures_util::future::join(busy, reads).await;
        busy.unwrap();
        answers
    }

    /// What each would have got alone.
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

    /// Makes sure that reads together are answered as alone, by this many requests.
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
async fn a_read_that_finds_a_connection_free_is_not_touched() {
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
async fn order_duplicates_and_missing_ids_are_each_callers_own() {
    let world = world(|_| ()).await;
    let reads = [names(&[3, 1, 3]), names(&[2]), names(&[999]), names(&[1, 999, 2]), names(&[2])];
    world.check(&reads, 1).await;
    let sent = world.double.calls().last().unwrap().ids();
    assert_eq!(sent, [3, 1, 2, 999], "each id travels once");
    let stats = world.reader.stats();
    assert_eq!((stats.queued, stats.together, stats.batches, stats.requests_saved()), (5, 5, 1, 4));
}

#[tokio::test]
async fn one_forbidden_record_spoils_nobody_elses_answer() {
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
async fn versions_that_fail_for_missing_ids_fail_for_their_caller_only() {
    let world = world(|_| ()).await;
    world.double.behave(|behaviour| behaviour.missing_is_an_error = true);
    let reads = [names(&[1]), names(&[999]), names(&[2, 3]), names(&[998])];
    let answers = world.together(&reads).await;
    assert_eq!(answers, world.alone(&reads).await);
    assert!(matches!(answers[1], Err(OdooError::Missing { .. })));
    assert_eq!(answers[2].as_ref().unwrap().len(), 2);
}

#[tokio::test]
async fn contexts_models_and_fields_are_not_mixed() {
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
async fn nearly_the_same_fields_travel_together_once_they_are_known_to_be_cheap() {
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
async fn a_full_batch_is_followed_by_the_next() {
    let world = world(|config| config.batch_size = 10).await;
    let reads: Vec<Read> = (20..35).map(|id| names(&[id, 1])).collect();
    world.check(&reads, 3).await;
    let large: Vec<i64> = (14..40).collect();
    world.check(&[names(&[1]), names(&large), names(&[2])], 2).await;
}

#[tokio::test]
async fn without_batching_everybody_goes_alone() {
    let world = world(|config| config.batching = false).await;
    let reads: Vec<Read> = (20..25).map(|id| names(&[id])).collect();
    world.check(&reads, 5).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_disturbs_nobody() {
    let world = world(|_| ()).await;
    for leaver in 0..4 {
        let busy = world.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        let mut reads: Vec<_> = (1..=4).map(|id| Box::pin(world.reader.read(names(&[id])))).collect();
        for read in &mut reads {
            assert!(read.now_or_never().is_none());
        }
        drop(reads.remove(leaver));
        let (_, answers) = futures_util::future::join(busy, join_all(reads)).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().len() == 1));
        let sent = world.double.calls().last().unwrap().ids();
        assert_eq!(sent.len(), 3, "what no caller waits for is not asked");
    }
    assert_eq!(world.client.pool_stats().free, 1);
}

#[tokio::test]
async fn everybody_waits_for_a_connection_as_long_as_alone() {
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
async fn a_fault_on_the_wire_is_met_by_nobody_who_would_not_have_met_it_alone() {
    let world = world(|_| ()).await;
    for fault in [Fault::CloseHalfway, Fault::Garbage, Fault::Html(500), Fault::ServerError] {
        let reads: Vec<Read> = (1..=6).map(|id| names(&[id])).collect();
        let busy = world.client.call::<usize>(Call::search_count(THINGS, json!([])));
        tokio::pin!(busy);
        assert!((&mut busy).now_or_never().is_none());
        // The busy call has been sent when this is injected only if it has arrived; wait for that.
        while world.double.calls().last().is_none_or(|call| call.method != "search_count") {
            tokio::select! {
                _ = &mut busy => panic!("it takes longer than that"),
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
