//! Model-checked tests of the table: what holds under every schedule (`cargo xtask shuttle`).

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

/// The server's truth at some moment.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Version(u64);

impl SharedValue for Version {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// A server whose truth changes, and which counts who asks.
#[derive(Default)]
struct Server {
    version: AtomicU64,
    loads: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Server {
    /// Reads the truth, and takes its time to deliver it.
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

    /// Asks for something of at least the given version, as a caller does who misses a name.
    async fn get_naming(&self, least: u64) -> u64 {
        let satisfies = |version: &Version| version.0 >= least;
        let load = || Arc::clone(&self.server).load();
        self.table.get(&self.key, false, Some(&satisfies), load).await.0.unwrap().unwrap().0
    }
}

/// After an invalidation callers get what was true at the invalidation or later, whether from the table, from
/// a load in flight, or from a load that published late.
#[test]
fn nothing_older_than_an_invalidation_is_given_after_it() {
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
                    let seen = block_on(world.get());
                    assert!(seen >= version, "version {seen} after the invalidation of {version}");
                }
                for reader in readers {
                    reader.join().unwrap();
                }
                assert_eq!(block_on(world.get()), 2, "a late load wrote back");
            },
            SCHEDULES,
        );
    }
    run(|world| world.table.invalidate_all());
    run(|world| world.table.invalidate_user(world.key.scope.user()));
    run(|world| world.table.invalidate_model("db", "res.partner"));
}

#[test]
fn however_many_ask_there_is_one_load() {
    shuttle::check_random(
        || {
            let world = World::new();
            let askers: Vec<_> = (0..4)
                .map(|_| {
                    let world = Arc::clone(&world);
                    thread::spawn(move || block_on(world.get()))
                })
                .collect();
            for asker in askers {
                assert_eq!(asker.join().unwrap(), 0);
            }
            assert_eq!(world.server.loads.load(Ordering::SeqCst), 1);
            let stats = world.table.stats();
            assert_eq!((stats.hits + stats.misses, stats.loads), (4, 1));
        },
        SCHEDULES,
    );
}

/// A cancelled leader leaves the other callers with their answer, and never two loads at a time.
#[test]
fn a_load_given_up_is_taken_over() {
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
                        // Seen to its end: what the checker itself has to clean up must not take locks.
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

/// A reload that a missing name caused is never overwritten by the older load that it overtook.
#[test]
fn an_older_load_never_replaces_a_younger_one() {
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
            assert_eq!(block_on(world.get_naming(1)), 1);
            early.join().unwrap();
            assert_eq!(block_on(world.get()), 1);
        },
        SCHEDULES,
    );
}
