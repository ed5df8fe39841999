//! `Moment`: a point on this node's clock, before or after the clock began.

use core::time::Duration;

use platform::Clock;

/// A moment on this node's clock, in microseconds. It may be before the clock began, since a reopened session
/// began in the past.
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

/// Whole microseconds; `u64::MAX`, half a million years, for anything longer.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::ManualClock;

    #[test]
    fn moments_before_the_clock_began_are_distinct() {
        let start = Moment::now(&ManualClock::default());
        for years in [1, 50, 99] {
            let time = Duration::from_secs(years * 365 * 24 * 3_600);
            assert_eq!(start.since(start.before(time)), time);
            assert_eq!(start.before(time).after(time), start);
            assert_eq!(start.before(time).on_clock(), Duration::ZERO);
            assert_eq!(start.after(time).on_clock(), time);
        }
        assert_eq!(start.since(start.after(Duration::MAX)), Duration::ZERO);
    }
}
