//! Random interleavings of reads, writes, faults and dropped callers: each caller gets the same answer as
//! without the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model_metadata::{CacheConfig, MetadataCache, SystemClock};
use odoo::{CachedReader, Call, OdooClient, OdooConfig, OdooError, Read, Record, RecordCache, RecordPolicy};
use odoo_double::{Behaviour, Fault, Model, OdooDouble};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::support::{config, password};

const MODEL: &str = "x.versioned";
/// Records 1 to 8 exist, 9 does not, and 10 is forbidden.
const FORBIDDEN: i64 = 10;
const FIELD_SETS: [&[&str]; 6] =
    [&["name"], &["version"], &["name", "version"], &["city", "version"], &["no_such", "version"], &[]];

#[derive(Clone, Debug)]
enum Step {
    Read { user: usize, ids: Vec<i64>, fields: usize, recent: bool, dropped_after: Option<u8> },
    Write { user: usize, id: i64 },
    Fault(Fault),
    CloseConnections,
    Pause(u8),
}

#[derive(Clone, Debug)]
struct Script {
    steps: Vec<Step>,
    pool_size: usize,
    keep_alive: bool,
    batching: bool,
    rotate_cookie: bool,
    missing_is_an_error: bool,
}

/// A step. Some scripts have no faults, so that more reads are cached.
fn step(faulty: bool) -> impl Strategy<Value = Step> {
    let id = || prop_oneof![6 => 1..=3_i64, 2 => 4..=8_i64];
    let ids = prop_oneof![3 => id(), 1 => prop_oneof![5 => 1..=8_i64, 1 => Just(9), 1 => Just(FORBIDDEN)]];
    let ids = prop::collection::vec(ids, 1..3);
    let fields = prop_oneof![3 => 1..3_usize, 1 => 0..FIELD_SETS.len()];
    let read = (0..2_usize, ids, fields, prop::bool::weighted(0.7), prop::option::weighted(0.1, 0..6_u8));
    let fault = prop_oneof![
        Just(Fault::CloseUnheard),
        Just(Fault::CloseUnanswered),
        Just(Fault::CloseHalfway),
        Just(Fault::Garbage),
        Just(Fault::Html(502)),
        Just(Fault::ExpireSessions),
        Just(Fault::ServerError),
        Just(Fault::Trickle(Duration::from_micros(50))),
    ];
    let faulty = u32::from(faulty);
    prop_oneof![
        24 => read.prop_map(|(user, ids, fields, recent, dropped_after)| {
            Step::Read { user, ids, fields, recent, dropped_after }
        }),
        3 => (0..2_usize, id()).prop_map(|(user, id)| Step::Write { user, id }),
        2 * faulty => fault.prop_map(Step::Fault),
        2 * faulty => Just(Step::CloseConnections),
        14 => (0..8_u8).prop_map(Step::Pause),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let switches = (any::<bool>(), prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.3));
    let steps = any::<bool>().prop_flat_map(|faulty| prop::collection::vec(step(faulty), 1..120));
    (steps, 1..4_usize, switches).prop_map(
        |(steps, pool_size, (keep_alive, batching, rotate_cookie, missing_is_an_error))| Script {
            steps,
            pool_size,
            keep_alive,
            batching,
            rotate_cookie,
            missing_is_an_error,
        },
    )
}

/// The last confirmed and the last issued version of each record. A read must not return a version older than
/// the one confirmed before its start, or newer than the one issued before its end.
#[derive(Default)]
struct Versions {
    confirmed: Mutex<BTreeMap<i64, u64>>,
    issued: Mutex<BTreeMap<i64, u64>>,
    /// Serializes the writes to each record.
    locks: BTreeMap<i64, tokio::sync::Mutex<()>>,
}

struct World {
    double: OdooDouble,
    clients: [OdooClient; 2],
    readers: [CachedReader; 2],
    versions: Versions,
    missing_is_an_error: bool,
}

impl World {
    async fn new(script: &Script) -> Arc<Self> {
        let behaviour = Behaviour {
            keep_alive: script.keep_alive,
            rotate_cookie: script.rotate_cookie,
            missing_is_an_error: script.missing_is_an_error,
            delays: [("read", Duration::from_millis(2)), ("write", Duration::from_millis(1))].into(),
            ..Behaviour::default()
        };
        let double = OdooDouble::start(behaviour).await.unwrap();
        let mut model = Model::with_fields(&[("name", "char"), ("city", "char"), ("version", "integer")]);
        for id in 1..=8 {
            model.insert(
                id,
                &json!({"name": format!("Name {id}"), "city": format!("City {id}"), "version": 0}),
            );
        }
        model.forbidden.insert(FORBIDDEN);
        double.put_model(MODEL, model);

        let records = RecordCache::new(RecordPolicy::default());
        let metadata = Arc::new(MetadataCache::new(CacheConfig::default()));
        let mut clients = Vec::new();
        for login in ["admin", "demo"] {
            let config = config(&double, password());
            let config = OdooConfig {
                login: Some(login.into()),
                pool_size: script.pool_size,
                batching: script.batching,
                batch_size: 10,
                limits: odoo::CallLimits {
                    wait: Duration::from_secs(20),
                    answer: Duration::from_secs(10),
                    ..config.limits
                },
                ..config
            };
            let clock = Arc::new(SystemClock::new());
            let client = OdooClient::with_parts(config, Arc::clone(&records), clock).unwrap();
            let scope = client.scope().await.unwrap();
            metadata.fields(&Arc::new(client.clone()), &scope, MODEL).await.unwrap();
            clients.push(client);
        }
        let clients: [OdooClient; 2] = clients.try_into().unwrap();
        let readers = clients.each_ref().map(|it| CachedReader::new(it.clone(), Arc::clone(&metadata)));
        let locks = (1..=8).map(|id| (id, tokio::sync::Mutex::default())).collect();
        Arc::new(World {
            double,
            clients,
            readers,
            versions: Versions { locks, ..Versions::default() },
            missing_is_an_error: script.missing_is_an_error,
        })
    }

    /// Reads, and checks the answer. Returns a fault instead of checking it.
    async fn read(
        self: Arc<Self>,
        user: usize,
        ids: Vec<i64>,
        fields: usize,
        recent: bool,
    ) -> Option<OdooError> {
        let confirmed = self.versions.confirmed.lock().clone();
        let read = Read::new(MODEL, &ids, FIELD_SETS[fields]);
        let answer = if recent {
            self.readers[user].read_recent(read, Duration::from_secs(60)).await
        } else {
            self.readers[user].read(read).await
        };
        let issued = self.versions.issued.lock().clone();
        match answer {
            Err(fault @ (OdooError::Fault(_) | OdooError::Session | OdooError::Server { .. })) => Some(fault),
            answer => {
                self.check(&ids, FIELD_SETS[fields], answer, &confirmed, &issued);
                None
            }
        }
    }

    fn check(
        &self,
        ids: &[i64],
        fields: &[&str],
        answer: Result<Vec<Record>, OdooError>,
        confirmed: &BTreeMap<i64, u64>,
        issued: &BTreeMap<i64, u64>,
    ) {
        let request = format!("{fields:?} of {ids:?}");
        if fields.contains(&"no_such") {
            assert!(matches!(answer, Err(OdooError::Rejected { .. })), "{request}: {answer:?}");
            return;
        }
        if ids.contains(&FORBIDDEN) {
            assert!(matches!(answer, Err(OdooError::Access { .. })), "{request}: {answer:?}");
            return;
        }
        if ids.contains(&9) && self.missing_is_an_error {
            assert!(matches!(answer, Err(OdooError::Missing { .. })), "{request}: {answer:?}");
            return;
        }
        let rows = answer.unwrap();
        let expected: Vec<i64> = ids.iter().copied().filter(|id| *id != 9).collect();
        let returned: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(returned, expected, "{request}");
        let all = ["name", "city", "version"];
        let names = if fields.is_empty() { &all } else { fields };
        for (row, id) in rows.iter().zip(expected) {
            assert_eq!(row.len(), names.len() + 1, "{request}: {row:?}");
            for name in names {
                let (bounds, value) = ((confirmed.get(&id), issued.get(&id)), &row[*name]);
                match *name {
                    "name" => assert_eq!(*value, format!("Name {id}")),
                    "city" => assert_eq!(*value, format!("City {id}")),
                    _ => {
                        let (oldest, newest) =
                            (bounds.0.copied().unwrap_or(0), bounds.1.copied().unwrap_or(0));
                        let version = value.as_u64().unwrap();
                        assert!(
                            (oldest..=newest).contains(&version),
                            "{version} of {id}, not {oldest} to {newest}"
                        );
                    }
                }
            }
        }
    }

    /// Writes a record. Returns the fault, if any.
    async fn write(self: Arc<Self>, user: usize, id: i64) -> Option<OdooError> {
        let _lock = self.versions.locks[&id].lock().await;
        let version = {
            let mut issued = self.versions.issued.lock();
            let version = issued.entry(id).or_default();
            *version += 1;
            *version
        };
        let values = Map::from_iter([("version".to_owned(), Value::from(version))]);
        let written = self.clients[user].call::<bool>(Call::write(MODEL, &[id], values)).await;
        match written {
            Ok(done) => {
                assert!(done);
                self.versions.confirmed.lock().insert(id, version);
                None
            }
            Err(fault @ (OdooError::Fault(_) | OdooError::Session | OdooError::Server { .. })) => Some(fault),
            Err(error) => panic!("write of {id}: {error:?}"),
        }
    }
}

async fn run(script: Script, coverage: &Mutex<Coverage>) {
    let world = World::new(&script).await;
    let mut tasks: Vec<(JoinHandle<Option<OdooError>>, Option<u8>)> = Vec::new();
    let mut faults = 0;
    for step in script.steps {
        match step {
            Step::Read { user, ids, fields, recent, dropped_after } => {
                tasks.push((tokio::spawn(Arc::clone(&world).read(user, ids, fields, recent)), dropped_after));
            }
            Step::Write { user, id } => {
                tasks.push((tokio::spawn(Arc::clone(&world).write(user, id)), None));
            }
            Step::Fault(fault) => {
                faults += 1;
                world.double.inject(fault);
            }
            // A write on a connection that is being closed fails, as it would without the others.
            Step::CloseConnections => {
                faults += 2 * script.pool_size;
                world.double.close_connections();
            }
            Step::Pause(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
            }
        }
        for (task, dropped_after) in &mut tasks {
            match dropped_after {
                Some(0) => task.abort(),
                Some(left) => *left -= 1,
                None => {}
            }
        }
    }
    let mut failures = Vec::new();
    for (task, _) in tasks {
        match task.await {
            Ok(fault) => failures.extend(fault),
            Err(error) if error.is_cancelled() => {}
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    {
        let mut coverage = coverage.lock();
        let records = world.clients[0].records().stats();
        coverage.hits += records.hits;
        coverage.ahead += records.ahead_read;
        for stats in world.readers.each_ref().map(CachedReader::stats) {
            coverage.together += stats.together;
            coverage.splits += stats.splits;
        }
    }
    assert!(failures.len() <= faults, "more failures than {faults} faults: {failures:?}");
    for client in &world.clients {
        for _ in 0..6_000 {
            if client.pool_stats().free == script.pool_size {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(client.pool_stats().free, script.pool_size, "a connection was not returned");
    }
}

/// What all scripts together have covered.
#[derive(Debug, Default)]
struct Coverage {
    hits: u64,
    ahead: u64,
    together: u64,
    splits: u64,
}

#[test]
fn each_caller_gets_the_same_answer_as_without_the_others() {
    let coverage = Mutex::new(Coverage::default());
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&script(), |script| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(script, &coverage));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let coverage = coverage.into_inner();
    assert!(
        coverage.hits > 10 && coverage.ahead > 3 && coverage.together > 50 && coverage.splits > 5,
        "{coverage:?}"
    );
}
