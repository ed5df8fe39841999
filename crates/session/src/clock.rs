//! `Clock`: the seam through which time comes.

use core::fmt::Debug;
use core::time::Duration;
use std::time::Instant;

use crate::shim::{AtomicU64, Ordering};

/// Tells how much time has passed on this node. Only differences count; no node compares its clock with
/// another's or with the store's.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time since some fixed moment; it never goes back.
    fn now(&self) -> Duration;
}

/// The operating system's monotonic clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves when it is told to: for tests.
#[derive(Debug, Default)]
pub struct ManualClock {
    micros: AtomicU64,
}

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.micros.fetch_add(micros(by), Ordering::SeqCst);
    }

    /// Sets the clock back, which a [`Clock`] must never do: to test what a store makes of a database's clock
    /// that does.
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

/// Whole microseconds; more than half a million years are as good as for ever.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A moment on this node's clock, in microseconds. Moments before the clock began exist too: a session that
/// is opened again began in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// A century before the clock began.
    const BEFORE: u64 = 100 * 366 * 24 * 3_600 * 1_000_000;

    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Moment(micros(clock.now()).saturating_add(Self::BEFORE))
    }

    pub(crate) fn before(self, ago: Duration) -> Self {
        Moment(self.0.saturating_sub(micros(ago)))
    }

    pub(crate) fn after(self, time: Duration) -> Self {
        Moment(self.0.saturating_add(micros(time)))
    }

    /// The moment as the clock shows it; zero before the clock began.
    pub(crate) fn on_clock(self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(Self::BEFORE))
    }

    /// The time since an earlier moment; none since a later one.
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}
