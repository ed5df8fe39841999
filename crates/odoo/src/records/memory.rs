//! Tests of memory: the reported bytes match the allocator's, and stay bounded over time.

use core::time::Duration;
use std::sync::Arc;

use allocation_counter::measure;
use model_metadata::{CacheScope, DatabaseUser};
use serde_json::json;

use super::entry::ModelContext;
use super::policy::RecordPolicy;
use super::state::State;
use crate::Record;

const MAX_BYTES: usize = 200_000;

/// A small deterministic random number generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn contexts(databases: &[Arc<str>; 2]) -> Vec<ModelContext> {
    let context = |number: i64| {
        let database = if number % 2 == 0 { &databases[0] } else { &databases[1] };
        let scope = CacheScope::new(DatabaseUser::new(database, number % 10), "en_US");
        ModelContext { scope, model: format!("model.{}", number % 40).into(), context: "{}".into() }
    };
    (0..400).map(context).collect()
}

fn record(id: i64, fields: &[String]) -> Record {
    let mut record = Record::new();
    record.insert("id".into(), id.into());
    for name in fields {
        record.insert(name.clone(), json!(format!("{name} of {id}")));
    }
    record
}

fn names(first: u64) -> Vec<String> {
    (first..first + 3).map(|number| format!("field_{:02}", number % 40)).collect()
}

/// All kinds of operations, on many more records, users and fields than fit into the cache.
#[test]
fn a_million_operations_leak_no_memory() {
    let databases: [Arc<str>; 2] = ["one".into(), "other".into()];
    let contexts = contexts(&databases);
    let policy = RecordPolicy { max_bytes: MAX_BYTES, ..RecordPolicy::default() };
    let mut numbers = Numbers(42);
    let mut state = State::default();
    let run = |state: &mut State, numbers: &mut Numbers, operations: u32, begin: u64| {
        for step in 0..u64::from(operations) {
            let now = Duration::from_millis(begin + step);
            let context = &contexts[usize::try_from(numbers.below(400)).unwrap()];
            let id = i64::try_from(1 + numbers.below(500)).unwrap();
            let fields = names(numbers.below(40));
            match numbers.below(10) {
                0..=3 => drop(state.get(context, &[id], &fields, now.saturating_sub(policy.time_to_live))),
                4 => drop(state.record_request(context, &fields)),
                5 if numbers.below(2_000) == 0 => {
                    let database = &databases[usize::try_from(numbers.below(2)).unwrap()];
                    state.invalidate(database, |database| database.writes += 1);
                    state.invalidate(database, |database| database.writes -= 1);
                }
                _ => {
                    let start = state.begin_read(&context.scope, now);
                    // The first field was requested; the others were prefetched.
                    let rows = [record(id, &fields)];
                    state.insert(context, start, &rows, &fields[..1], now, &policy);
                }
            }
        }
    };
    // After this the usage statistics have reached their maximum size.
    let warm = measure(|| run(&mut state, &mut numbers, 200_000, 0));
    let then = measure(|| run(&mut state, &mut numbers, 1_000_000, 200_000));
    let stats = state.stats();
    let reported = i64::try_from(stats.bytes).unwrap();
    assert!(stats.hits > 0 && stats.emptied > 0 && stats.entries > 100, "{stats:?}");
    assert!(stats.bytes <= MAX_BYTES as u64, "{stats:?}");
    assert!(then.bytes_current < warm.bytes_current / 4, "{then:?} after {warm:?}");
    let held = warm.bytes_current + then.bytes_current;
    // The records, and a bounded number of usage statistics with a bounded number of names each.
    assert!(held < reported * 2 + 256 * 8_192, "held {held}, reported {reported}");
    let emptied = measure(|| {
        for database in &databases {
            state.invalidate(database, |_| {});
        }
    });
    assert_eq!((state.stats().entries, state.stats().bytes), (0, 0));
    assert!(-emptied.bytes_current * 5 > reported * 4, "freed {emptied:?}, reported {reported}");
}
