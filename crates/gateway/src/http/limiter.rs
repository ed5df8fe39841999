//! `Limiter`: how often somebody may fail.

use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;
use std::collections::HashMap;

/// So many failures at once, and one more after each interval.
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

/// The most keys of a generation. Two generations are kept, so memory is bounded however many keys are tried.
const GENERATION: usize = 50_000;

/// Counts attempts by key. An attempt is paid for when it begins and given back when it succeeds, so attempts that run at the
/// same time count too.
///
/// What is kept for a key is the moment at which all its attempts will be forgotten (the generic cell rate algorithm).
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    allowance: Allowance,
    generations: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Duration>,
    old: HashMap<K, Duration>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(crate) fn new(allowance: Allowance) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Limiter { allowance, generations: Mutex::new(generations) }
    }

    /// Takes one attempt, or says how long to wait for one.
    pub(crate) fn take(&self, key: &K, now: Duration) -> Result<(), Duration> {
        let Allowance { burst, interval } = self.allowance;
        let mut generations = self.generations.lock();
        let paid = generations.get(key).unwrap_or_default().max(now) + interval;
        let furthest = now + interval * burst;
        if paid > furthest {
            return Err(paid - furthest);
        }
        generations.set(key, paid, now);
        Ok(())
    }

    /// Gives an attempt back.
    pub(crate) fn give_back(&self, key: &K, now: Duration) {
        let mut generations = self.generations.lock();
        if let Some(paid) = generations.get(key) {
            generations.set(key, paid.saturating_sub(self.allowance.interval), now);
        }
    }
}

impl<K: Hash + Eq + Clone> Generations<K> {
    fn get(&self, key: &K) -> Option<Duration> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn set(&mut self, key: &K, paid: Duration, now: Duration) {
        if self.young.len() >= GENERATION && !self.young.contains_key(key) {
            // What is forgotten with the old generation has mostly been paid off.
            self.old = std::mem::take(&mut self.young);
            self.old.retain(|_, paid| *paid > now);
        }
        self.young.insert(key.clone(), paid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_then_one_an_interval() {
        let limiter = Limiter::new(Allowance::new(3, SECOND));
        let at = Duration::from_millis;
        for _ in 0..3 {
            assert_eq!(limiter.take(&"a", at(0)), Ok(()));
        }
        assert_eq!(limiter.take(&"a", at(0)), Err(SECOND));
        assert_eq!(limiter.take(&"b", at(0)), Ok(()), "others have their own");
        assert_eq!(limiter.take(&"a", at(400)), Err(at(600)));
        assert_eq!(limiter.take(&"a", at(1_000)), Ok(()));
        assert_eq!(limiter.take(&"a", at(1_000)), Err(SECOND));
        limiter.give_back(&"a", at(1_000));
        assert_eq!(limiter.take(&"a", at(1_000)), Ok(()));
        for _ in 0..3 {
            assert_eq!(limiter.take(&"a", at(100_000)), Ok(()));
        }
        assert!(limiter.take(&"a", at(100_000)).is_err(), "saved time does not add up");
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(Allowance::new(1, SECOND));
        for key in 0..3 * GENERATION {
            assert_eq!(limiter.take(&key, Duration::ZERO), Ok(()));
        }
        let generations = limiter.generations.lock();
        assert!(generations.young.len() <= GENERATION && generations.old.len() <= GENERATION);
    }
}
