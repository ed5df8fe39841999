//! `Breaker`: a circuit breaker for a server that fails repeatedly.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::Clock;
use parking_lot::Mutex;

use crate::Fault;

/// Counts consecutive failures. After too many it opens and refuses calls for some time, then admits one call
/// as a probe.
#[derive(Debug)]
pub(crate) struct Breaker {
    clock: Arc<dyn Clock>,
    failures: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    consecutive: u32,
    open_until: Option<Duration>,
    opened: u64,
    refused: u64,
}

impl Breaker {
    pub(crate) fn new(failures: u32, rest: Duration, clock: Arc<dyn Clock>) -> Self {
        Breaker { clock, failures: failures.max(1), rest, state: Mutex::default() }
    }

    /// Admits a call unless the breaker is open. While a probe is in flight, other calls are refused.
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        match state.open_until {
            Some(until) if now < until => {
                state.refused += 1;
                Err(Fault::Resting)
            }
            Some(_) => {
                state.open_until = Some(now.saturating_add(self.rest));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Records an answer of the server.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state.lock();
        state.consecutive = 0;
        state.open_until = None;
    }

    /// Records a failure of the server.
    pub(crate) fn failed(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.consecutive = state.consecutive.saturating_add(1);
        if state.consecutive >= self.failures {
            if state.open_until.is_none() {
                state.opened += 1;
            }
            state.open_until = Some(now.saturating_add(self.rest));
        }
    }

    /// Is the breaker open?
    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().open_until.is_some()
    }

    /// How often the breaker opened, and how many calls it refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state.lock();
        (state.opened, state.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model_metadata::ManualClock;

    #[test]
    fn opens_after_consecutive_failures_and_admits_one_probe() {
        let clock = Arc::new(ManualClock::default());
        let breaker = Breaker::new(3, Duration::from_secs(5), Arc::clone(&clock) as _);
        for _ in 0..2 {
            breaker.failed();
        }
        breaker.succeeded();
        for _ in 0..2 {
            breaker.failed();
        }
        assert_eq!(breaker.admit(), Ok(()), "not consecutive");
        breaker.failed();
        assert_eq!(breaker.admit(), Err(Fault::Resting));
        clock.advance(Duration::from_secs(5));
        assert_eq!(breaker.admit(), Ok(()));
        assert_eq!(breaker.admit(), Err(Fault::Resting), "only one probe at a time");
        breaker.succeeded();
        assert_eq!(breaker.admit(), Ok(()));
        assert_eq!(breaker.counts(), (1, 2));
    }

    #[test]
    fn a_lost_probe_is_followed_by_another() {
        let clock = Arc::new(ManualClock::default());
        let breaker = Breaker::new(1, Duration::from_secs(5), Arc::clone(&clock) as _);
        breaker.failed();
        for _ in 0..3 {
            clock.advance(Duration::from_secs(5));
            assert_eq!(breaker.admit(), Ok(()));
            assert_eq!(breaker.admit(), Err(Fault::Resting));
        }
    }
}
