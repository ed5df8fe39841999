//! `TimedCache`: answers that may be a little old.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use session::Clock;
use tokio::sync::Mutex as AsyncMutex;

/// The most keys that are kept.
const CAPACITY: usize = 10_000;

/// Keeps each answer for a time. Who asks while an answer is being loaded waits for that one. Failures are
/// not kept.
#[derive(Debug)]
pub(crate) struct TimedCache<K, V> {
    keep: Duration,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<K, Arc<Slot<V>>>>,
}

/// An answer with the moment of its load.
type Slot<V> = AsyncMutex<Option<(Duration, V)>>;

impl<K: Hash + Eq, V: Clone> TimedCache<K, V> {
    pub(crate) fn new(keep: Duration, clock: Arc<dyn Clock>) -> Self {
        TimedCache { keep, clock, slots: Mutex::new(HashMap::new()) }
    }

    /// The answer for a key, from memory or by `load`, which is given the last answer, however old.
    pub(crate) async fn get<E>(
        &self,
        key: K,
        load: impl AsyncFnOnce(Option<V>) -> Result<V, E>,
    ) -> Result<V, E> {
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        // The answer is as old as the question, not as its arrival.
        let now = self.clock.now();
        if let Some((loaded, value)) = &*slot
            && now.saturating_sub(*loaded) < self.keep
        {
            return Ok(value.clone());
        }
        let value = load(slot.take().map(|(_, value)| value)).await?;
        *slot = Some((now, value.clone()));
        Ok(value)
    }

    /// Keeps an answer that somebody has got just now by other means.
    pub(crate) async fn put(&self, key: K, value: V) {
        let slot = self.slot(key);
        *slot.lock().await = Some((self.clock.now(), value));
    }

    fn slot(&self, key: K) -> Arc<Slot<V>> {
        let mut slots = self.slots.lock();
        if slots.len() >= CAPACITY && !slots.contains_key(&key) {
            slots.clear();
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use session::ManualClock;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_kept_for_a_time_and_a_failure_is_not() {
        let clock = Arc::new(ManualClock::default());
        let cache = TimedCache::new(Duration::from_secs(2), Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(cache.get("a", async |_| Err::<u8, _>("away")).await, Err("away"));
        assert_eq!(cache.get("a", async |last| Ok::<_, ()>(last.map_or(1, |last| last + 1))).await, Ok(1));
        clock.advance(Duration::from_millis(1_999));
        assert_eq!(cache.get("a", async |_| Err::<u8, _>("away")).await, Ok(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(cache.get("a", async |last| Ok::<_, ()>(last.map_or(1, |last| last + 1))).await, Ok(2));
        cache.put("b", 7).await;
        assert_eq!(cache.get("b", async |_| Err::<u8, _>("away")).await, Ok(7));
        clock.advance(Duration::from_secs(2));
        assert_eq!(cache.get("b", async |_| Err::<u8, _>("away")).await, Err("away"));
    }
}
