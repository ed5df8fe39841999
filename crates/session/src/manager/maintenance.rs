//! Maintenance: writes use behind, retries revocations, revalidates, and takes the store's hints.

use std::sync::Arc;

use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::stats::Counters;
use crate::store::{BATCH, Hint, LastUse};
use crate::{PortError, Scope, SessionId};
use platform::sync::Ordering;

impl SessionManager {
    /// One round of everything: tells the store of pending ends and of use, re-validates, takes out what is
    /// over, sweeps the store by one bounded batch, and drops what is no longer in use.
    ///
    /// [`MaintenanceTask`](crate::MaintenanceTask) calls this and its parts by the clock. Tests call it
    /// themselves.
    ///
    /// # Errors
    /// The first failure of the store; the other steps are done all the same, but for the sweep: after an
    /// outage nothing is swept until all nodes had time to report use.
    pub async fn maintain(&self) -> Result<(), PortError> {
        let flushed = self.flush().await;
        let revalidated = self.revalidate().await;
        self.expire().await;
        let swept = self.sweep().await;
        flushed.and(revalidated).and(swept)
    }

    /// Tells the store of pending ends and of use.
    ///
    /// # Errors
    /// The store does not answer; what was not told stays to be told.
    pub async fn flush(&self) -> Result<(), PortError> {
        let ends = self.core.retry_revocations().await;
        let used = self.core.flush_use().await;
        ends.and(used)
    }

    /// Asks the store whether the sessions that were used since they were last confirmed are still there: one
    /// statement for [`BATCH`](crate::BATCH) of them. Does nothing if the store is not shared.
    ///
    /// # Errors
    /// The store does not answer; sessions that are held go on, for as long as
    /// [`Options::fail_open`](crate::Options::fail_open) says.
    pub async fn revalidate(&self) -> Result<(), PortError> {
        if self.core.store.is_shared() { self.core.revalidate().await } else { Ok(()) }
    }

    /// What others wait for: ends that the store was not told yet, here and there.
    #[cfg(not(shuttle))]
    pub(super) async fn catch_up(&self) -> Result<(), PortError> {
        let told = self.core.retry_revocations().await;
        told.and(self.revalidate().await)
    }

    /// Lets the sessions that a hint is about be looked up in the store at their next use.
    ///
    /// # Complexity
    /// O(sessions that it is about) for one session or a user's; else O(sessions).
    pub fn take_hint(&self, hint: &Hint) {
        let core = &self.core;
        let now = core.now();
        let mark_stale = |lives: &[Arc<CachedSession>]| lives.iter().for_each(|live| live.mark_stale(now));
        match hint {
            // The end of one session is what nodes hear of all day.
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

    /// Takes no more logins, and tells the store what it was not told yet. Sessions go on being answered.
    ///
    /// # Errors
    /// The store does not answer: pending ends and the use of the last flush interval are forgotten with this
    /// process.
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
            pairs().for_each(|(live, seen)| live.flushed(*seen));
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
                    self.is_gone(live);
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
