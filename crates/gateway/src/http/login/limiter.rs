//! `Limiter`: how often a key may fail. Attempts that succeed are free, however many run at once.

use std::collections::HashMap;
use std::hash::{Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hashlink::LruCache;
use parking_lot::Mutex;
use session::Clock;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// A bounded map for what strangers choose the keys of. It forgets the keys that were not set for longest.
pub(super) type BoundedMap<K, V> = LruCache<K, V, RandomState>;

/// The most keys of such a map.
const MAX_KEYS: usize = 100_000;

/// An empty one.
pub(super) fn bounded_map<K, V>() -> BoundedMap<K, V> {
    LruCache::with_hasher(MAX_KEYS, RandomState::new())
}

/// A burst of failures, and one more after each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    burst: u32,
    interval: Duration,
}

impl Allowance {
    /// `burst` at once, and one more after each `interval`.
    #[must_use]
    pub const fn new(burst: u32, interval: Duration) -> Self {
        Allowance { burst, interval }
    }
}

/// Counts failures by key, and reserves one for each attempt in flight, so that no more guesses are checked
/// than may fail.
///
/// Only failures refuse an attempt. Where reservations alone use up the allowance, further attempts wait for
/// them.
#[derive(Debug)]
pub(crate) struct Limiter<K: Hash + Eq + Copy> {
    allowance: Allowance,
    clock: Arc<dyn Clock>,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// The moment at which all failures of a key will be forgotten (the generic cell rate algorithm).
    failures: BoundedMap<K, Duration>,
    /// No larger than the number of requests in flight.
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

    /// Reserves a failure for an attempt, or says for how long failures refuse it. Waits for attempts in
    /// flight.
    pub(crate) async fn reserve(self: &Arc<Self>, key: K) -> Result<Reservation<K>, Duration> {
        while let Some(ended) = self.try_reserve(key)? {
            ended.await;
        }
        Ok(Reservation { limiter: Arc::clone(self), key, has_failed: false })
    }

    /// Reserves a failure, or gives the end of another attempt to wait for, where attempts in flight may use
    /// up the allowance.
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
        // Made under the lock, it hears of every end from here on.
        Ok(Some(Arc::clone(&in_flight.ended).notified_owned()))
    }

    /// For how long failures refuse the next attempt: at most one interval.
    pub(crate) fn wait(&self, key: K) -> Duration {
        self.wait_in(&self.state.lock(), key, 0)
    }

    /// Counts a failure, or says for how long failures refuse the next one.
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
        let (forgotten, now) = self.forgotten_in(state, key);
        (forgotten + interval * attempts.saturating_add(1)).saturating_sub(now + interval * burst)
    }

    fn count(&self, state: &mut State<K>, key: K) {
        let (forgotten, _) = self.forgotten_in(state, key);
        state.failures.insert(key, forgotten + self.allowance.interval);
    }

    /// When all failures will be forgotten, and the time now.
    fn forgotten_in(&self, state: &State<K>, key: K) -> (Duration, Duration) {
        let now = self.clock.now();
        (state.failures.peek(&key).copied().unwrap_or_default().max(now), now)
    }
}

/// A failure that is reserved for an attempt. It counts if the attempt fails, and is given back if it does
/// not.
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
            // After a failure each that waits may be refused; after the last one nothing else would wake it.
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
    fn a_burst_then_one_an_interval() {
        let (limiter, clock) = limiter(3);
        for _ in 0..3 {
            assert_eq!(limiter.fail("a"), Ok(()));
        }
        assert_eq!(limiter.fail("a"), Err(SECOND));
        assert_eq!(limiter.fail("b"), Ok(()), "others have their own");
        clock.advance(SECOND * 2 / 5);
        assert_eq!(limiter.wait("a"), SECOND * 3 / 5);
        clock.advance(SECOND * 3 / 5);
        assert_eq!(limiter.fail("a"), Ok(()));
        assert_eq!(limiter.fail("a"), Err(SECOND));
        clock.advance(100 * SECOND);
        for _ in 0..3 {
            assert_eq!(limiter.fail("a"), Ok(()));
        }
        assert!(limiter.fail("a").is_err(), "saved time does not add up");
    }

    #[test]
    fn memory_is_bounded_and_the_latest_stay() {
        let (limiter, _) = limiter(1);
        for key in 0..=MAX_KEYS {
            assert_eq!(limiter.fail(key), Ok(()));
        }
        assert_eq!(limiter.state.lock().failures.len(), MAX_KEYS);
        assert_eq!([0, 1, MAX_KEYS].map(|key| limiter.wait(key)), [Duration::ZERO, SECOND, SECOND]);
    }

    #[tokio::test]
    async fn attempts_that_succeed_wait_for_each_other_and_are_never_refused() {
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
    async fn no_more_guesses_are_checked_than_may_fail() {
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
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
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
