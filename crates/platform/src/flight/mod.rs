//! Single flight: one load, shared by all concurrent callers.
//!
//! There are two designs, since a load may or may not outlive the caller that began it:
//!
//! * [`SharedLoad`] owns everything it needs (`'static`). Every waiting caller may drive it, so the load
//!   survives the caller that began it.
//! * [`LeaderLoad`] only carries the outcome. The caller that began the load drives it, and may borrow a
//!   connection or a client for it. If that caller is cancelled, another one begins again.
//!
//! Neither spawns a task: a load without waiting callers is dropped, and frees its connection. Where outcomes
//! are cached in a bounded table, the guards of the crate `quick_cache` are a [`LeaderLoad`] for each entry.

mod leader;
mod shared;

pub use leader::{LeaderLoad, LeaderLoadFuture};
pub use shared::{SharedLoad, SharedLoadFuture};
