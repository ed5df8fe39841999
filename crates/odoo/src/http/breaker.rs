//! `Breaker`: leaves a server alone that fails again and again.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::Clock;
use parking_lot::Mutex;

use crate::Fault;

/// Counts failures in a row. After too many it refuses calls for a while, then lets one through to see.
#[derive(Debug)]
pub(crate) struct Breaker {
    clock: Arc<dyn Clock>,
    failures: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    resting_until: Option<Duration>,
    opened: u64,
    refused: u64,
}

impl Breaker {
    pub(crate) fn new(failures: u32, rest: Duration, clock: Arc<dyn Clock>) -> Self {
        Breaker { clock, failures: failures.max(1), rest, state: Mutex::default() }
    }

    /// May a call be tried? If it is the one to see whether the server is back, the others go on waiting for
    /// a rest.
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        match state.resting_until {
            Some(until) if now < until => {
                state.refused += 1;
                Err(Fault::Resting)
            }
            Some(_) => {
                state.resting_until = Some(now.saturating_add(self.rest));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The server answered.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state.lock();
        state.in_a_row = 0;
        state.resting_until = None;
    }

    /// The server did not answer.
    pub(crate) fn failed(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.in_a_row = state.in_a_row.saturating_add(1);
        if state.in_a_row >= self.failures {
            if state.resting_until.is_none() {
                state.opened += 1;
            }
            state.resting_until = Some(now.saturating_add(self.rest));
        }
    }

    /// Is the server left alone now?
    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().resting_until.is_some()
    }

    /// How often it opened, and how many calls it refused.
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
    fn rests_after_failures_in_a_row_and_lets_one_call_see() {
        let clock = Arc::new(ManualClock::default());
        let breaker = Breaker::new(3, Duration::from_secs(5), Arc::clone(&clock) as _);
        for _ in 0..2 {
            breaker.failed();
        }
        breaker.succeeded();
        for _ in 0..2 {
            breaker.failed();
        }
        assert_eq!(breaker.admit(), Ok(()), "not in a row");
        breaker.failed();
        assert_eq!(breaker.admit(), Err(Fault::Resting));
        clock.advance(Duration::from_secs(5));
        assert_eq!(breaker.admit(), Ok(()));
        assert_eq!(breaker.admit(), Err(Fault::Resting), "one is enough to see");
        breaker.succeeded();
        assert_eq!(breaker.admit(), Ok(()));
        assert_eq!(breaker.counts(), (1, 2));
    }

    #[test]
    fn a_probe_that_never_ends_does_not_close_the_door_for_good() {
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
