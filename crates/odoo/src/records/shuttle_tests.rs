//! Model-checked tests of the record cache under many schedules (`cargo xtask shuttle`).

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheScope, DatabaseUser, ManualClock};
use serde_json::json;
use shuttle::thread;

use super::cache::RecordCache;
use super::entry::ModelContext;
use super::policy::RecordPolicy;

const SCHEDULES: usize = 2_000;
const AGE: Duration = Duration::from_secs(4);

/// A database with one record, whose only field is an increasing number.
struct World {
    cache: Arc<RecordCache>,
    clock: Arc<ManualClock>,
    database: Arc<str>,
    version: AtomicU64,
}

impl World {
    fn new() -> Arc<Self> {
        let clock = Arc::new(ManualClock::default());
        let cache = RecordCache::with_clock(RecordPolicy::default(), Arc::clone(&clock) as _);
        Arc::new(World { cache, clock, database: "odoo".into(), version: AtomicU64::new(0) })
    }

    fn model_context(&self, user: i64) -> ModelContext {
        let scope = CacheScope::new(DatabaseUser::new(&self.database, user), "");
        ModelContext { scope, model: "res.partner".into(), context: "{}".into() }
    }

    /// Reads the number, from the cache if possible.
    fn read(&self, user: i64) -> u64 {
        let (model_context, fields) = (self.model_context(user), ["version".to_owned()]);
        if let Some(rows) = self.cache.get(&model_context, &[1], &fields, AGE) {
            return rows.first().and_then(|row| row.get("version")?.as_u64()).unwrap();
        }
        let start = self.cache.begin_read(&model_context.scope);
        thread::yield_now();
        let version = self.version.load(Ordering::SeqCst);
        thread::yield_now();
        let record = json!({"id": 1, "version": version}).as_object().cloned().unwrap();
        self.cache.insert(&model_context, start, &[record], &fields);
        version
    }

    /// Increments the number; returns the new value when Odoo has answered.
    fn write(&self) -> u64 {
        let mut write = self.cache.begin_write(&self.database);
        thread::yield_now();
        let version = 1 + self.version.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        write.confirm();
        drop(write);
        version
    }
}

/// A read that starts after the end of a write sees the write, with other writes and reads in flight.
#[test]
fn a_read_after_a_write_never_returns_older_data() {
    shuttle::check_random(
        || {
            let world = World::new();
            let mut tasks = Vec::new();
            for user in [1, 2] {
                let world = Arc::clone(&world);
                tasks.push(thread::spawn(move || {
                    let mut seen = 0;
                    for _ in 0..3 {
                        let now = world.read(user);
                        assert!(now >= seen, "{now} after {seen}");
                        seen = now;
                    }
                }));
            }
            for user in [1, 3] {
                let world = Arc::clone(&world);
                tasks.push(thread::spawn(move || {
                    let written = world.write();
                    let seen = world.read(user);
                    assert!(seen >= written, "read {seen} after writing {written}");
                }));
            }
            for task in tasks {
                task.join().unwrap();
            }
            // Without writes in flight, reads are cached again.
            assert_eq!(world.read(1), 2);
            let hits = world.cache.stats().hits;
            assert_eq!(world.read(1), 2);
            assert_eq!(world.cache.stats().hits, hits + 1);
        },
        SCHEDULES,
    );
}

/// After a write without an answer, nothing is cached until Odoo must have finished it.
#[test]
fn nothing_is_cached_while_the_outcome_of_a_write_is_unknown() {
    shuttle::check_random(
        || {
            let world = World::new();
            world.read(1);
            let lost = Arc::clone(&world);
            let abandoned = thread::spawn(move || drop(lost.cache.begin_write(&lost.database)));
            world.read(2);
            abandoned.join().unwrap();
            // Odoo carries out the write late.
            world.read(1);
            world.version.fetch_add(1, Ordering::SeqCst);
            assert_eq!(world.read(1), 1);
            assert_eq!(world.cache.stats().entries, 0);
            world.clock.advance(RecordPolicy::default().doubt);
            world.read(1);
            assert_eq!(world.cache.stats().entries, 1);
        },
        SCHEDULES,
    );
}
