//! `SqlStore`: a session store in a database.

use std::time::Duration;

use session::{PortError, SessionStore, async_trait};

/// A session store in a database, as [`open`](super::open) returns it.
#[async_trait]
pub trait SqlStore: SessionStore {
    /// Records a name that may be used only once, such as that of a signed assertion. Returns `true` for the
    /// first use on any node, and `false` for later uses, until [`forget_used`](Self::forget_used) is called
    /// with a time after `until`. The record is durable when this returns.
    ///
    /// `until` is the time since 1970 at which the name expires, on the clock of the program that checks
    /// expiry. The store's own clock does not matter: if it were ahead, the store would forget a name, and
    /// accept it again, while it is still valid.
    ///
    /// # Errors
    /// The database does not answer. The name may or may not have been recorded.
    async fn use_once(&self, name: &[u8; 32], until: Duration) -> Result<bool, PortError>;

    /// Deletes up to `limit` used names whose `until` is before `now`, the time since 1970 on the caller's
    /// clock, and returns their number. Call it periodically if you use [`use_once`](Self::use_once).
    ///
    /// # Errors
    /// The database does not answer.
    async fn forget_used(&self, now: Duration, limit: usize) -> Result<u64, PortError>;

    /// Waits for calls in progress and closes all connections. Later calls fail. Dropping the store does the
    /// same in the background.
    async fn close(&self);
}
