//! `SqlStore`: a session store in a database.

use std::time::Duration;

use session::{PortError, SessionStore, async_trait};

/// A session store in a database, as [`open`](super::open) returns it.
#[async_trait]
pub trait SqlStore: SessionStore {
    /// Records a name that may be used once, such as that of a signed assertion: `true` for the first use on
    /// any node, and `false` from then on, until [`forget_used`](Self::forget_used) is called with a later
    /// time than `until`. When this returns, the name is on the disk.
    ///
    /// `until` is the time since 1970 on the clock that says when the name is not accepted any more. The
    /// store's own clock does not matter: if it was ahead, a name would be forgotten, and accepted again,
    /// while it is valid.
    ///
    /// # Errors
    /// The database does not answer. The name may or may not have been recorded.
    async fn use_once(&self, name: &[u8; 32], until: Duration) -> Result<bool, PortError>;

    /// Forgets used names that were to be kept until before `now`, the time since 1970 on the caller's clock,
    /// at most `limit` of them, and returns their number. Call it periodically if you use
    /// [`use_once`](Self::use_once).
    ///
    /// # Errors
    /// The database does not answer.
    async fn forget_used(&self, now: Duration, limit: usize) -> Result<u64, PortError>;

    /// Waits for what is under way and closes all connections. Later calls fail. A store that is dropped
    /// instead does the same in the background.
    async fn close(&self);
}
