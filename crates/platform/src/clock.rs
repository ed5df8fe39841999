//! `Clock`: where the workspace gets its time from, so that a test can hold it still.

use core::fmt::Debug;
use core::time::Duration;
use std::time::Instant;

#[cfg(not(shuttle))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(shuttle)]
use shuttle::sync::atomic::{AtomicU64, Ordering};

/// Tells how much time has passed in this process.
///
/// Only differences count: no node compares its clock with another's, or with a database's. For the time of
/// day use [`std::time::SystemTime`].
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time since a fixed moment in the past. It never goes back.
    fn now(&self) -> Duration;
}

/// The operating system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn new() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until a test moves it.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use platform::{Clock, ManualClock};
///
/// let clock = ManualClock::default();
/// assert_eq!(clock.now(), Duration::ZERO);
/// clock.advance(Duration::from_millis(1_500));
/// assert_eq!(clock.now(), Duration::from_millis(1_500));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    micros: AtomicU64,
}

impl ManualClock {
    /// Moves the clock forward, in whole microseconds.
    pub fn advance(&self, by: Duration) {
        self.micros.fetch_add(micros(by), Ordering::SeqCst);
    }

    /// Sets the clock back, which a [`Clock`] must never do: to test how a store copes with a database whose
    /// clock does.
    ///
    /// # Panics
    /// If the clock would show less than zero.
    pub fn set_back(&self, by: Duration) {
        let before = self.micros.fetch_sub(micros(by), Ordering::SeqCst);
        assert!(before >= micros(by), "a clock cannot show less than zero");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

/// Whole microseconds; `u64::MAX`, half a million years, for anything longer.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
