//! Model-checked tests of the table under many schedules (`cargo xtask shuttle`).

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::thread;

use crate::cached_answer::AnswerKey;
use crate::config::TablePolicy;
use crate::shared_values::SharedValue;
use crate::table::Table;
use crate::{CacheScope, Clock, DatabaseUser, ManualClock};

const SCHEDULES: usize = 2_000;

/// The version of the server's data at one moment.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Version(u64);

impl SharedValue for Version {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// A server whose data changes, and which counts loads.
#[derive(Default)]
struct Server {
    version: AtomicU64,
    loads: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Server {
    /// Reads the current version, and returns it with a delay.
    async fn load(self: Arc<Self>) -> Result<Option<Version>, String> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let running = 1 + self.running.fetch_add(1, Ordering::SeqCst);
        self.most_running.fetch_max(running, Ordering::SeqCst);
        yield_now().await;
        let version = self.version.load(Ordering::SeqCst);
        yield_now().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(Some(Version(version)))
    }
}

struct World {
    table: Arc<Table<Version, String>>,
    clock: Arc<ManualClock>,
    server: Arc<Server>,
    key: AnswerKey,
}

impl World {
    fn new() -> Arc<Self> {
        let clock = Arc::new(ManualClock::default());
        let policy = TablePolicy::new(Duration::from_secs(60), 1 << 20);
        let scope = CacheScope::new(DatabaseUser::new("db", 7), "");
        Arc::new(World {
            table: Table::new(policy, Arc::clone(&clock) as Arc<dyn Clock>),
            clock,
            server: Arc::default(),
            key: AnswerKey { scope, model: "res.partner".into() },
        })
    }

    async fn get(&self) -> u64 {
        let (outcome, _) = self.table.get(&self.key, false, None, || Arc::clone(&self.server).load()).await;
        outcome.unwrap().unwrap().0
    }

    /// Requires at least the given version, like a caller whose name is missing from older definitions.
    async fn get_at_least(&self, minimum: u64) -> u64 {
        let satisfies = |version: &Version| version.0 >= minimum;
        let load = || Arc::clone(&self.server).load();
        self.table.get(&self.key, false, Some(&satisfies), load).await.0.unwrap().unwrap().0
    }
}

/// After an invalidation callers get data from the invalidation or later, whether from the table, from a load
/// in flight, or from a load that finishes late.
#[test]
fn invalidated_data_is_never_returned() {
    fn run(invalidate: fn(&World)) {
        shuttle::check_random(
            move || {
                let world = World::new();
                let readers: Vec<_> = (0..2)
                    .map(|_| {
                        let world = Arc::clone(&world);
                        thread::spawn(move || block_on(world.get()))
                    })
                    .collect();
                for version in 1..=2 {
                    world.server.version.store(version, Ordering::SeqCst);
                    invalidate(&world);
                    let returned = block_on(world.get());
                    assert!(returned >= version, "version {returned} after invalidation at {version}");
                }
                for reader in readers {
                    reader.join().unwrap();
                }
                assert_eq!(block_on(world.get()), 2, "a late load replaced newer data");
            },
            SCHEDULES,
        );
    }
    run(|world| world.table.invalidate_all());
    run(|world| world.table.invalidate_user(world.key.scope.user()));
    run(|world| world.table.invalidate_model("db", "res.partner"));
}

#[test]
fn concurrent_callers_share_one_load() {
    shuttle::check_random(
        || {
            let world = World::new();
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    let world = Arc::clone(&world);
                    thread::spawn(move || block_on(world.get()))
                })
                .collect();
            for caller in callers {
                assert_eq!(caller.join().unwrap(), 0);
            }
            assert_eq!(world.server.loads.load(Ordering::SeqCst), 1);
            let stats = world.table.stats();
            assert_eq!((stats.hits + stats.misses, stats.loads), (4, 1));
        },
        SCHEDULES,
    );
}

/// If the leader is cancelled, another caller loads the value, and all remaining callers get it.
#[test]
fn another_caller_takes_over_an_abandoned_load() {
    shuttle::check_random(
        || {
            let world = World::new();
            block_on(async {
                let tasks: Vec<_> = (0..4)
                    .map(|_| {
                        let world = Arc::clone(&world);
                        spawn(async move { world.get().await })
                    })
                    .collect();
                yield_now().await;
                for (number, task) in tasks.into_iter().enumerate() {
                    if number % 2 == 0 {
                        task.abort();
                        // Await the end of the task: tasks that the checker cleans up must not take locks.
                        let _ = task.await;
                    } else {
                        assert_eq!(task.await.unwrap(), 0);
                    }
                }
                assert_eq!(world.get().await, 0);
            });
            let stats = world.table.stats();
            assert_eq!(stats.loads, 1 + stats.loads_abandoned);
        },
        SCHEDULES,
    );
}

/// If a missing name causes a reload, an older load that finishes later does not replace its result.
#[test]
fn an_older_load_never_replaces_a_newer_one() {
    shuttle::check_random(
        || {
            let world = World::new();
            let early = {
                let world = Arc::clone(&world);
                thread::spawn(move || block_on(world.get()))
            };
            thread::yield_now();
            world.server.version.store(1, Ordering::SeqCst);
            world.clock.advance(Duration::from_secs(10));
            assert_eq!(block_on(world.get_at_least(1)), 1);
            early.join().unwrap();
            assert_eq!(block_on(world.get()), 1);
        },
        SCHEDULES,
    );
}
