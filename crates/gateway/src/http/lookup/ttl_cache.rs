//! `TtlCache`: a cache with expiry, for values that may be slightly stale.
//!
//! quick_cache provides the bounded table and the single flight, but no expiry by a clock that tests control.
//! So each entry records when its load began.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use session::Clock;

/// The maximum number of entries. Further ones evict the least used.
const CAPACITY: u64 = 10_000;

/// The number of entries for which memory is allocated at first.
const INITIAL_CAPACITY: usize = 64;

/// Caches each value for a fixed time. Concurrent callers of a key share one load. Failures are not cached.
#[derive(Debug)]
pub(crate) struct TtlCache<K, V> {
    keep: Duration,
    clock: Arc<dyn Clock>,
    entries: Cache<K, Entry<V>>,
}

/// A value, and when its load began. Its age counts from then, because the value may lack later changes.
#[derive(Clone, Debug)]
struct Entry<V> {
    began: Duration,
    value: V,
}

impl<K: Clone + Hash + Eq, V: Clone> TtlCache<K, V> {
    pub(crate) fn new(keep: Duration, clock: Arc<dyn Clock>) -> Self {
        TtlCache { keep, clock, entries: Cache::with_weighter(INITIAL_CAPACITY, CAPACITY, UnitWeighter) }
    }

    /// The value of a key, from the cache or by `load`.
    pub(crate) async fn get<E>(&self, key: K, load: impl AsyncFnOnce() -> Result<V, E>) -> Result<V, E> {
        let began = self.clock.now();
        let fresh_or_load = |_: &K, entry: &mut Entry<V>| {
            if began.saturating_sub(entry.began) < self.keep {
                EntryAction::Retain(entry.value.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        let entry = self.entries.entry_async(&key, fresh_or_load).await;
        if let EntryResult::Retained(value) = entry {
            return Ok(value);
        }
        let value = load().await?;
        if let EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) = entry {
            // Fails if the key was removed or evicted during the load.
            let _evicted = guard.insert(Entry { began, value: value.clone() });
        }
        Ok(value)
    }

    /// Caches a value that was just read by other means.
    pub(crate) fn put(&self, key: K, value: V) {
        self.entries.insert(key, Entry { began: self.clock.now(), value });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join, poll_immediate};
    use session::ManualClock;
    use tokio::sync::oneshot;

    use super::*;

    fn cache() -> (TtlCache<&'static str, u8>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (TtlCache::new(Duration::from_secs(2), Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    #[tokio::test]
    async fn values_are_cached_for_a_time_and_failures_are_not() {
        let (cache, clock) = cache();
        assert_eq!(cache.get("a", async || Err::<u8, _>("away")).await, Err("away"));
        assert_eq!(cache.get("a", async || Ok::<_, ()>(1)).await, Ok(1));
        clock.advance(Duration::from_millis(1_999));
        assert_eq!(cache.get("a", async || Err::<u8, _>("away")).await, Ok(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(cache.get("a", async || Ok::<_, ()>(2)).await, Ok(2));
        cache.put("b", 7);
        assert_eq!(cache.get("b", async || Err::<u8, _>("away")).await, Ok(7));
        clock.advance(Duration::from_secs(2));
        assert_eq!(cache.get("b", async || Err::<u8, _>("away")).await, Err("away"));
    }

    #[tokio::test]
    async fn concurrent_callers_share_a_load() {
        let (cache, clock) = cache();
        let (arrive, arrived) = oneshot::channel();
        let first = cache.get("a", async || arrived.await);
        let second = cache.get("a", async || Ok::<_, oneshot::error::RecvError>(2));
        let done = join(join(first, second), async {
            clock.advance(Duration::from_secs(1));
            arrive.send(1)
        });
        assert_eq!(done.await, ((Ok(1), Ok(1)), Ok(())));
        clock.advance(Duration::from_secs(1));
        let later = cache.get("a", async || Ok::<_, ()>(3)).await;
        assert_eq!(later, Ok(3), "the age counts from the start of the load");
    }

    #[tokio::test]
    async fn a_cancelled_load_is_taken_over_by_the_next_caller() {
        let (cache, _) = cache();
        let mut given_up = Box::pin(cache.get("a", async || std::future::pending::<Result<u8, ()>>().await));
        assert!(poll_immediate(&mut given_up).await.is_none());
        let mut next = Box::pin(cache.get("a", async || Ok::<_, ()>(2)));
        assert!(poll_immediate(&mut next).await.is_none());
        drop(given_up);
        assert_eq!(next.await, Ok(2));
    }

    #[tokio::test]
    async fn memory_is_bounded_and_used_entries_stay() {
        let (clock, keep) = (Arc::new(ManualClock::default()), Duration::from_secs(2));
        let cache = TtlCache::new(keep, clock);
        for key in 0..3 * CAPACITY {
            cache.put(key, ());
            assert_eq!(cache.get(0, async || Err("evicted")).await, Ok(()), "{key}");
        }
        assert!(cache.entries.len() as u64 <= CAPACITY);
    }
}
