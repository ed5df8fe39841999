//! `Clock`: the time source of the workspace. Tests can replace it with one that they control.

use core::fmt::Debug;
use core::time::Duration;
use std::time::Instant;

#[cfg(not(shuttle))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(shuttle)]
use shuttle::sync::atomic::{AtomicU64, Ordering};

/// A monotonic clock of this process.
///
/// Only differences are meaningful: do not compare times with those of another node or of a database. For
/// the time of day use [`std::time::SystemTime`].
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time since a fixed moment in the past. It never decreases.
    fn now(&self) -> Duration;
}

/// The operating system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts at zero.
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

/// A clock that only advances when a test calls [`advance`](ManualClock::advance).
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

    /// Sets the clock back, to test a store whose database does so. A real [`Clock`] never does.
    ///
    /// # Panics
    /// If the time would become negative.
    pub fn set_back(&self, by: Duration) {
        let before = self.micros.fetch_sub(micros(by), Ordering::SeqCst);
        assert!(before >= micros(by), "the time of a clock cannot become negative");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

/// Whole microseconds, saturating at `u64::MAX` (half a million years).
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
