//! Single flight: one load for all that want the same thing at the same time.
//!
//! There are two designs, since a load may or may not outlive the caller that began it:
//!
//! * [`SharedLoad`] owns everything it needs (`'static`). Every caller that waits may drive it, so the load
//!   survives the caller that began it.
//! * [`LeaderLoad`] only carries the outcome. The caller that began the load drives it, with whatever it has
//!   borrowed: a connection, a client. If that caller goes away, another one begins again.
//!
//! Neither spawns a task: a load that no caller waits for is dropped, and uses no connection any more. Where the
//! outcomes are cached in a bounded table, the guards of the crate `quick_cache` are a [`LeaderLoad`] for each entry.

mod leader;
mod shared;

pub use leader::{LeaderLoad, Wait};
pub use shared::{SharedLoad, Waiting};
