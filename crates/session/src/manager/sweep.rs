//! The sweep: removes expired sessions from this node, and from the store.

use core::time::Duration;

use super::SessionManager;
use crate::cached_session::CachedSession;
use crate::{PortError, SessionId};
use platform::sync::Ordering;

impl SessionManager {
    /// Removes expired sessions from this node, and drops trees and accesses that no session holds.
    pub async fn expire(&self) {
        let core = &self.core;
        for shard in core.table.shards() {
            let now = core.now();
            let over = |live: &CachedSession| live.is_too_old(now) || live.is_idle(now, Duration::ZERO);
            for live in core.table.select(shard, over) {
                core.expire(&live).await;
            }
        }
        core.trees.prune();
    }

    /// Removes one bounded batch of expired sessions from the store, and one of trees and accesses that no
    /// session refers to. Does nothing for two flush intervals after an outage of the store.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn sweep(&self) -> Result<(), PortError> {
        let core = &self.core;
        if core.health.failed.load(Ordering::SeqCst) != 0 {
            // Read a session that does not exist, to find out whether the store answers again.
            core.record_outcome(core.store.open(&SessionId::from_bytes([0; 32])).await)?;
        }
        if core.now().0 < core.health.quiet_until.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (limit, grace) = (core.options.sweep_batch, core.options.collect_grace);
        let swept = core.record_outcome(core.store.sweep(core.options.allowance(), limit).await)?;
        core.counters.swept.fetch_add(swept, Ordering::Relaxed);
        core.record_outcome(core.store.collect(grace, limit).await)?;
        Ok(())
    }
}
