//! `Limiter`: limits the failures of a key. Successful attempts are never refused, however many are
//! concurrent.

use std::collections::HashMap;
use std::hash::{Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hashlink::LruCache;
use parking_lot::Mutex;
use session::Clock;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// A bounded map for keys that clients choose. It evicts the least recently set keys.
pub(super) type BoundedMap<K, V> = LruCache<K, V, RandomState>;

/// The capacity of such a map.
const MAX_KEYS: usize = 100_000;

/// Creates an empty map.
pub(super) fn bounded_map<K, V>() -> BoundedMap<K, V> {
    LruCache::with_hasher(MAX_KEYS, RandomState::new())
}

/// The failures that are allowed: a burst, and one more per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    burst: u32,
    interval: Duration,
}

impl Allowance {
    /// Allows `burst` failures at once, and one more per `interval`.
    #[must_use]
    pub const fn new(burst: u32, interval: Duration) -> Self {
        Allowance { burst, interval }
    }
}

/// Counts failures by key. Each attempt in flight reserves a failure, so that concurrent guesses cannot
/// exceed the allowance.
///
/// Only failures refuse an attempt. If the allowance is used up by reservations, further attempts wait for
/// them.
#[derive(Debug)]
pub(crate) struct Limiter<K: Hash + Eq + Copy> {
    allowance: Allowance,
    clock: Arc<dyn Clock>,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// By key, the time at which all its failures expire (generic cell rate algorithm).
    failures: BoundedMap<K, Duration>,
    /// Bounded by the number of requests in flight.
    in_flight: HashMap<K, InFlightAttempts>,
}

#[derive(Debug, Default)]
struct InFlightAttempts {
    attempts: u32,
    ended: Arc<Notify>,
}

impl<K: Hash + Eq + Copy> Limiter<K> {
    pub(crate) fn new(allowance: Allowance, clock: Arc<dyn Clock>) -> Self {
        let state = State { failures: bounded_map(), in_flight: HashMap::new() };
        Limiter { allowance, clock, state: Mutex::new(state) }
    }

    /// Reserves a failure for an attempt. Waits while attempts in flight use up the allowance.
    ///
    /// # Errors
    /// Failures use up the allowance. The next attempt is possible after the returned duration.
    pub(crate) async fn reserve(self: &Arc<Self>, key: K) -> Result<Reservation<K>, Duration> {
        while let Some(ended) = self.try_reserve(key)? {
            ended.await;
        }
        Ok(Reservation { limiter: Arc::clone(self), key, has_failed: false })
    }

    /// Reserves a failure. If attempts in flight use up the allowance, returns a future that completes when
    /// one of them ends.
    fn try_reserve(&self, key: K) -> Result<Option<OwnedNotified>, Duration> {
        let mut state = self.state.lock();
        let wait = self.wait_in(&state, key, 0);
        if !wait.is_zero() {
            return Err(wait);
        }
        let attempts = state.in_flight.get(&key).map_or(0, |in_flight| in_flight.attempts);
        let is_free = self.wait_in(&state, key, attempts).is_zero();
        let in_flight = state.in_flight.entry(key).or_default();
        if is_free {
            in_flight.attempts += 1;
            return Ok(None);
        }
        // Created under the lock, so that it cannot miss the end of an attempt.
        Ok(Some(Arc::clone(&in_flight.ended).notified_owned()))
    }

    /// How long failures refuse the next attempt, at most one interval.
    pub(crate) fn wait(&self, key: K) -> Duration {
        self.wait_in(&self.state.lock(), key, 0)
    }

    /// Counts a failure. If failures use up the allowance, returns how long they refuse the next one.
    pub(crate) fn fail(&self, key: K) -> Result<(), Duration> {
        let mut state = self.state.lock();
        let wait = self.wait_in(&state, key, 0);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.count(&mut state, key);
        Ok(())
    }

    fn wait_in(&self, state: &State<K>, key: K, attempts: u32) -> Duration {
        let Allowance { burst, interval } = self.allowance;
        let (expiry, now) = self.expiry_and_now(state, key);
        (expiry + interval * attempts.saturating_add(1)).saturating_sub(now + interval * burst)
    }

    fn count(&self, state: &mut State<K>, key: K) {
        let (expiry, _) = self.expiry_and_now(state, key);
        state.failures.insert(key, expiry + self.allowance.interval);
    }

    /// When all failures of the key expire, and the current time.
    fn expiry_and_now(&self, state: &State<K>, key: K) -> (Duration, Duration) {
        let now = self.clock.now();
        (state.failures.peek(&key).copied().unwrap_or_default().max(now), now)
    }
}

/// A failure that is reserved for an attempt. Dropping it releases the failure without counting it.
#[derive(Debug)]
pub(crate) struct Reservation<K: Hash + Eq + Copy> {
    limiter: Arc<Limiter<K>>,
    key: K,
    has_failed: bool,
}

impl<K: Hash + Eq + Copy> Reservation<K> {
    /// Counts the failure.
    pub(crate) fn fail(mut self) {
        self.has_failed = true;
    }
}

impl<K: Hash + Eq + Copy> Drop for Reservation<K> {
    fn drop(&mut self) {
        let mut state = self.limiter.state.lock();
        if self.has_failed {
            self.limiter.count(&mut state, self.key);
        }
        let Some(in_flight) = state.in_flight.get_mut(&self.key) else { return };
        in_flight.attempts -= 1;
        if self.has_failed || in_flight.attempts == 0 {
            // After a failure all waiters may be refused. After the last attempt nothing else would wake
            // them.
            in_flight.ended.notify_waiters();
        } else {
            in_flight.ended.notify_one();
        }
        if in_flight.attempts == 0 {
            state.in_flight.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};
    use session::ManualClock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter<K: Hash + Eq + Copy>(burst: u32) -> (Arc<Limiter<K>>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (Arc::new(Limiter::new(Allowance::new(burst, SECOND), Arc::clone(&clock) as _)), clock)
    }

    #[test]
    fn a_burst_is_allowed_then_one_per_interval() {
        let (limiter, clock) = limiter(3);
        for _ in 0..3 {
            assert_eq!(limiter.fail("a"), Ok(()));
        }
        assert_eq!(limiter.fail("a"), Err(SECOND));
        assert_eq!(limiter.fail("b"), Ok(()), "each key has its own allowance");
        clock.advance(SECOND * 2 / 5);
        assert_eq!(limiter.wait("a"), SECOND * 3 / 5);
        clock.advance(SECOND * 3 / 5);
        assert_eq!(limiter.fail("a"), Ok(()));
        assert_eq!(limiter.fail("a"), Err(SECOND));
        clock.advance(100 * SECOND);
        for _ in 0..3 {
            assert_eq!(limiter.fail("a"), Ok(()));
        }
        assert!(limiter.fail("a").is_err(), "unused time must not add up");
    }

    #[test]
    fn memory_is_bounded_and_the_latest_keys_stay() {
        let (limiter, _) = limiter(1);
        for key in 0..=MAX_KEYS {
            assert_eq!(limiter.fail(key), Ok(()));
        }
        assert_eq!(limiter.state.lock().failures.len(), MAX_KEYS);
        assert_eq!([0, 1, MAX_KEYS].map(|key| limiter.wait(key)), [Duration::ZERO, SECOND, SECOND]);
    }

    #[tokio::test]
    async fn successful_attempts_wait_for_each_other_and_are_never_refused() {
        let (limiter, _) = limiter(2);
        let attempts = (0..200).map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                let reservation = limiter.reserve("a").await.unwrap();
                assert!(limiter.state.lock().in_flight["a"].attempts <= 2);
                tokio::task::yield_now().await;
                drop(reservation);
            })
        });
        for attempt in join_all(attempts).await {
            attempt.unwrap();
        }
        assert!(limiter.state.lock().in_flight.is_empty());
    }

    #[tokio::test]
    async fn concurrent_guesses_cannot_exceed_the_allowance() {
        let (limiter, _) = limiter(3);
        let attempts = (0..50).map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                let reservation = limiter.reserve("a").await.ok()?;
                tokio::task::yield_now().await;
                reservation.fail();
                Some(())
            })
        });
        let checked = join_all(attempts).await.into_iter().filter(|attempt| matches!(attempt, Ok(Some(()))));
        assert_eq!(checked.count(), 3);
        assert!(limiter.state.lock().in_flight.is_empty());
    }

    #[tokio::test]
    async fn a_cancelled_waiter_leaves_no_state() {
        let (limiter, _) = limiter(1);
        let reservation = limiter.reserve("a").await.unwrap();
        let mut gives_up = Box::pin(limiter.reserve("a"));
        let mut stays = Box::pin(limiter.reserve("a"));
        assert!(poll_immediate(&mut gives_up).await.is_none());
        assert!(poll_immediate(&mut stays).await.is_none());
        drop(reservation);
        drop(gives_up);
        drop(stays.await.unwrap());
        assert!(limiter.state.lock().in_flight.is_empty());
    }
}
