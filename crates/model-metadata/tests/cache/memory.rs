//! Memory: the reported bytes match the allocator's, and stay bounded over time.

use std::sync::Arc;

use crate::support::{Numbers, Server, cache, definitions, scope, seconds};
use allocation_counter::measure;
use model_metadata::{CacheConfig, FieldDefinitions, ModelList, TablePolicy};

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn the_footprint_of_a_value_equals_its_allocations() {
    let json = definitions("res.partner", 170);
    // The first use of the hasher allocates its keys, once per process.
    drop(serde_json::from_str::<FieldDefinitions>(&json).unwrap());
    let mut fields: Option<FieldDefinitions> = None;
    let allocated = measure(|| fields = Some(serde_json::from_str(&json).unwrap()));
    let fields = fields.unwrap();
    assert_eq!(u64::try_from(allocated.bytes_current).unwrap(), u64::try_from(fields.footprint()).unwrap());
    assert!(fields.footprint() * 4 < json.len() * 3, "{} of {}", fields.footprint(), json.len());

    let mut models = ModelList::default();
    let allocated =
        measure(|| models = [("res.partner", "Contact"), ("res.users", "User")].into_iter().collect());
    assert_eq!(u64::try_from(allocated.bytes_current).unwrap(), u64::try_from(models.footprint()).unwrap());
}

/// The reported bytes include the reserve of hash tables, so they may exceed the allocated bytes, but not by
/// much. They are never below.
#[test]
fn the_bytes_of_a_table_are_close_to_its_allocations() {
    let models: Vec<String> = (0..40).map(|number| format!("model.{number}")).collect();
    let models: Vec<_> = models.iter().map(|name| (name.as_str(), definitions(name, 60))).collect();
    let server = Server::with(&models);
    let scopes: Vec<_> = (0..8).map(scope).collect();
    let (cache, _) = cache(CacheConfig::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let allocated = measure(|| {
        for scope in &scopes {
            for (model, _) in &models {
                runtime.block_on(cache.fields(&server, scope, model)).unwrap();
            }
        }
    });
    let (reported, allocated) = (cache.stats().fields.bytes, u64::try_from(allocated.bytes_current).unwrap());
    assert_eq!(cache.stats().fields.contents, 40);
    assert!(
        allocated <= reported && reported <= allocated * 5 / 4,
        "reported {reported}, allocated {allocated}"
    );
}

/// All kinds of operations, on many more names than fit into the cache.
#[test]
fn a_million_operations_leak_no_memory() {
    const MAX_BYTES: usize = 200_000;
    let policy = TablePolicy::new(seconds(100), MAX_BYTES);
    let names: Vec<String> = (0..200).map(|number| format!("model.{number}")).collect();
    let models: Vec<_> = names.iter().take(150).map(|name| (name.as_str(), definitions(name, 3))).collect();
    let server = Server::with(&models);
    let scopes: Vec<_> = (0..20).map(scope).collect();
    let mut numbers = Numbers(42);
    let (mut cache_slot, mut bytes_after) = (None, 0);
    let allocated = measure(|| {
        let (cache, clock) = cache(CacheConfig::with_policy(policy));
        run(async {
            for step in 0..1_000_000_u32 {
                // Most lookups concern a few names, as in practice.
                let spread = if numbers.below(50) > 0 { 10 } else { 200 };
                let model = &names[usize::try_from(numbers.below(spread)).unwrap()];
                let scope = &scopes[usize::try_from(numbers.below(spread / 10)).unwrap()];
                match numbers.below(1_000) {
                    0 => clock.advance(seconds(1)),
                    1 => cache.invalidate_model("production", model),
                    2 => cache.invalidate_user(scope.user()),
                    3 if step % 100 == 0 => cache.invalidate_all(),
                    4..400 => drop(cache.permissions(&server, scope, model).await),
                    _ => drop(cache.fields(&server, scope, model).await),
                }
                if step % 1_000 == 0 {
                    let stats = cache.stats();
                    for table in [stats.fields, stats.permissions, stats.models] {
                        assert!(table.bytes <= u64::try_from(MAX_BYTES).unwrap());
                    }
                }
            }
        });
        bytes_after = cache.stats().total().bytes;
        cache_slot = Some((cache, clock));
    });
    let (cache, _clock) = cache_slot.unwrap();
    let stats = cache.stats().fields;
    assert!(stats.evicted_capacity > 1_000 && stats.evicted_expired > 0 && stats.evicted_invalidated > 0);

    // The empty cache: the epochs of three tables, and hash tables that shrink by halves.
    const EMPTY: i64 = 40_000;
    let held = allocated.bytes_current;
    assert!(held <= i64::try_from(bytes_after).unwrap() + EMPTY, "{held} held, {bytes_after} counted");
    let freed = measure(|| cache.invalidate_all());
    assert_eq!(cache.stats().total().bytes, 0);
    assert!(held + freed.bytes_current <= EMPTY, "{} remain", held + freed.bytes_current);
    assert_eq!(Arc::strong_count(&server), 1, "no load remains");
}
