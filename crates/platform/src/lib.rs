//! What the crates of orgcache need from their platform, once for all of them.
//!
//! Time, randomness and locks come through a seam, so that a test can hold the clock still and a model
//! checker can choose the schedule.
//!
//! | where | what | feature |
//! | --- | --- | --- |
//! | [`Clock`] | time that only moves forward; [`ManualClock`] for tests | |
//! | `Entropy` | random bytes that nobody can guess | `entropy` |
//! | `sync` | locks and atomics: the real ones, or those of the model checker `shuttle` | `sync` |
//! | `flight` | one load for all that want the same thing at the same time | `flight` |
//! | [`settings`] | numbers, flags and durations from environment variables | |
//! | [`text`] | hexadecimal digits, and texts shortened for messages | |
//!
//! Without features the crate depends on `thiserror` alone.
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
