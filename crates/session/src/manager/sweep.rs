//! The sweep: sessions whose time is over leave this node, then the store.

use core::time::Duration;

use super::SessionManager;
use crate::cached_session::CachedSession;
use crate::{PortError, SessionId};
use platform::sync::Ordering;

impl SessionManager {
    /// Takes sessions out whose time is over, and forgets trees and accesses that no session holds.
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

    /// Takes one bounded batch of sessions from the store whose time is over, and one of trees and accesses
    /// that no session refers to. After the store was away it does nothing for two flush intervals.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn sweep(&self) -> Result<(), PortError> {
        let core = &self.core;
        if core.health.failed.load(Ordering::SeqCst) != 0 {
            // A look at a session that never was: does the store answer again?
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
