//! Single flight: one load, shared by all concurrent callers.
//!
//! There are two designs, because a load may or may not outlive the caller that started it:
//!
//! * [`SharedLoad`] owns all that it needs (`'static`). Each waiting caller can drive the load, so it
//!   survives the cancellation of the caller that started it.
//! * [`LeaderLoad`] carries only the outcome. The caller that started the load drives it, and can borrow a
//!   connection or a client for it. If that caller is cancelled, another caller starts a new load.
//!
//! Neither spawns a task: a load without waiting callers is dropped and frees its connection. If outcomes are
//! cached in a bounded table, consider the guards of the crate `quick_cache`, which do the same per entry.

mod leader;
mod shared;

pub use leader::{LeaderLoad, LeaderLoadFuture};
pub use shared::{SharedLoad, SharedLoadFuture};
