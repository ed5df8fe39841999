//! Maintenance: writes use behind, retries revocations, revalidates, and takes the store's hints.

use std::sync::Arc;

use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::stats::Counters;
use crate::store::{BATCH, Hint, LastUse};
use crate::{PortError, Scope, SessionId};
use platform::sync::Ordering;

impl SessionManager {
    /// One round of maintenance: propagates pending revocations, writes use, revalidates, removes expired
    /// sessions, sweeps one bounded batch from the store, and drops unused trees and accesses.
    ///
    /// [`MaintenanceTask`](crate::MaintenanceTask) calls this and its parts on a timer.
    ///
    /// # Errors
    /// The first failure of the store. A failed step does not keep the others from running, but after an
    /// outage nothing is swept until all nodes had time to report use.
    pub async fn maintain(&self) -> Result<(), PortError> {
        let flushed = self.flush().await;
        let revalidated = self.revalidate().await;
        self.expire().await;
        let swept = self.sweep().await;
        flushed.and(revalidated).and(swept)
    }

    /// Propagates pending revocations and writes use to the store.
    ///
    /// # Errors
    /// The store does not answer. The next call tries again.
    pub async fn flush(&self) -> Result<(), PortError> {
        let ends = self.core.retry_revocations().await;
        let used = self.core.flush_use().await;
        ends.and(used)
    }

    /// Revalidates the sessions that were used since their last validation, [`BATCH`](crate::BATCH) of them
    /// in one statement. Does nothing if the store is not shared.
    ///
    /// # Errors
    /// The store does not answer. Sessions in memory stay valid for
    /// [`Options::fail_open`](crate::Options::fail_open).
    pub async fn revalidate(&self) -> Result<(), PortError> {
        if self.core.store.is_shared() { self.core.revalidate().await } else { Ok(()) }
    }

    /// Propagates revocations in both directions: those of this node, and those of others.
    #[cfg(not(shuttle))]
    pub(super) async fn catch_up(&self) -> Result<(), PortError> {
        let propagated = self.core.retry_revocations().await;
        propagated.and(self.revalidate().await)
    }

    /// Marks the sessions that a hint names as stale, so that their next use revalidates them.
    ///
    /// # Complexity
    /// O(sessions named) for one session or a user; else O(sessions).
    pub fn take_hint(&self, hint: &Hint) {
        let core = &self.core;
        let now = core.now();
        let mark_stale = |lives: &[Arc<CachedSession>]| lives.iter().for_each(|live| live.mark_stale(now));
        match hint {
            // The most frequent hint.
            Hint::Ended(Scope::Session(id)) => mark_stale(core.table.get(id).as_slice()),
            Hint::Ended(Scope::User(client, user)) => {
                mark_stale(&core.table.users().sessions_of(*client, *user));
            }
            Hint::Ended(scope) => {
                for shard in core.table.shards() {
                    mark_stale(&core.table.select(shard, |live| live.is_in(scope)));
                }
            }
            Hint::Anything => {
                for shard in core.table.shards() {
                    mark_stale(&core.table.select(shard, |_| true));
                }
            }
        }
    }

    /// Refuses new logins, and flushes pending revocations and use to the store. Sessions are still answered.
    ///
    /// # Errors
    /// The store does not answer: this process will lose its pending revocations and the use of the last
    /// flush interval.
    pub async fn shutdown(&self) -> Result<(), PortError> {
        self.core.closing.store(true, Ordering::SeqCst);
        self.flush().await
    }
}

impl Core {
    async fn flush_use(&self) -> Result<(), PortError> {
        let mut batch: Vec<Arc<CachedSession>> = Vec::new();
        for shard in self.table.shards() {
            batch.extend(self.table.select(shard, |live| live.unflushed().is_some()));
            if batch.len() >= BATCH {
                self.flush_batch(&core::mem::take(&mut batch)).await?;
            }
        }
        self.flush_batch(&batch).await
    }

    async fn flush_batch(&self, lives: &[Arc<CachedSession>]) -> Result<(), PortError> {
        for lives in lives.chunks(BATCH) {
            let moments: Vec<_> = lives.iter().map(|live| live.seen()).collect();
            let now = self.now();
            let pairs = || lives.iter().zip(&moments);
            let seen: Vec<LastUse> =
                pairs().map(|(live, seen)| LastUse { id: live.id, ago: now.since(*seen) }).collect();
            self.record_outcome(self.store.touch(&seen).await)?;
            pairs().for_each(|(live, seen)| live.mark_flushed(*seen));
        }
        Ok(())
    }

    async fn revalidate(&self) -> Result<(), PortError> {
        let mut batch: Vec<Arc<CachedSession>> = Vec::new();
        for shard in self.table.shards() {
            let is_due = |live: &CachedSession| live.seen() > live.validated() || live.needs_revalidation();
            batch.extend(self.table.select(shard, is_due));
            if batch.len() >= BATCH {
                self.revalidate_batch(&core::mem::take(&mut batch)).await?;
            }
        }
        self.revalidate_batch(&batch).await
    }

    async fn revalidate_batch(&self, lives: &[Arc<CachedSession>]) -> Result<(), PortError> {
        for lives in lives.chunks(BATCH) {
            let ids: Vec<SessionId> = lives.iter().map(|live| live.id).collect();
            let began = self.now();
            let mut missing = self.record_outcome(self.store.missing(&ids).await)?;
            missing.sort_unstable();
            let (mut gone, mut there) = (0, 0);
            for live in lives {
                if missing.binary_search(&live.id).is_ok() {
                    self.remove_gone(live);
                    gone += 1;
                } else {
                    live.validate(began);
                    there += 1;
                }
            }
            Counters::add(&self.counters.revalidated, gone + there);
        }
        Ok(())
    }
}
