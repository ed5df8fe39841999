//! Building blocks that the crates of orgcache share: time, randomness, locks, settings, single flight.
//!
//! Time, randomness and locks are replaceable, so that a test can control the clock and a model checker can
//! choose the schedule.
//!
//! | item | contents | feature |
//! | --- | --- | --- |
//! | [`Clock`] | monotonic time; [`ManualClock`] for tests | |
//! | `Entropy` | unpredictable random bytes | `entropy` |
//! | `sync` | locks and atomics: the real ones, or those of the model checker `shuttle` | `sync` |
//! | `flight` | single flight: one load, shared by all concurrent callers | `flight` |
//! | [`settings`] | numbers, flags and durations from environment variables | |
//! | [`text`] | hexadecimal digits, and text shortened for messages | |
//!
//! Without features the crate depends only on `thiserror`.
//!
//! # Examples
//! ```
//! use core::time::Duration;
//! use platform::{Clock, ManualClock};
//!
//! let clock = ManualClock::default();
//! clock.advance(Duration::from_secs(5));
//! assert_eq!(clock.now(), Duration::from_secs(5));
//! ```

mod clock;
#[cfg(feature = "entropy")]
mod entropy;
#[cfg(feature = "flight")]
pub mod flight;
pub mod settings;
#[cfg(feature = "sync")]
pub mod sync;
pub mod text;

pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "entropy")]
pub use entropy::{Entropy, NoEntropy, OsEntropy};
