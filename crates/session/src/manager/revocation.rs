//! Revocation: ends sessions, here at once, then in the store and through it on the other nodes.

use core::time::Duration;
use std::sync::Arc;

use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::stats::Counters;
use crate::token::Token;
use crate::{PortError, Scope, SessionError, SessionId, SessionRecord, StoredSession};

/// What became of an end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Revocation {
    /// How many sessions were ended: in the store, or as long as that does not answer, on this node.
    pub sessions: u64,
    /// Why the store was not told yet, if it was not. The sessions are ended on this node; everywhere else
    /// they will be as soon as the store answers.
    pub pending: Option<PortError>,
}

/// An end of many sessions that the store was not told yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct BulkRevocation {
    scope: Scope,
    said: Moment,
}

impl SessionManager {
    /// Ends the session of a token. The token of a session that has ended already is no error.
    ///
    /// # Errors
    /// [`SessionError::Unavailable`] if this node does not hold the session and the store does not answer.
    pub async fn logout(&self, token: &Token) -> Result<Revocation, SessionError> {
        let id = token.id();
        let scope = Scope::Session(id);
        if self.core.table.get(&id).is_some() {
            return Ok(self.core.end(scope).await);
        }
        // An end of a session that may never have existed is not kept for later.
        let ended = self.core.record_outcome(self.core.store.end(&scope, Duration::ZERO).await);
        let sessions = ended.map_err(SessionError::Unavailable)?;
        // A concurrent lookup may have cached it meanwhile, or be about to.
        self.core.table.end(&id);
        self.core.table.ended(&id);
        Ok(Revocation { sessions, pending: None })
    }

    /// Ends all sessions of a scope: here when this returns, and on other nodes within
    /// [`Options::revalidate_within`](crate::Options::revalidate_within).
    pub async fn end(&self, scope: Scope) -> Revocation {
        self.core.end(scope).await
    }

    /// The ends that the store was not told yet. If the process ends before, keep them and say them again in
    /// the next one.
    #[must_use]
    pub fn pending_ends(&self) -> Vec<Scope> {
        let core = &self.core;
        let bulk: Vec<Scope> = core.bulk_revocations.lock().iter().map(|end| end.scope).collect();
        bulk.into_iter().chain(core.table.ending(usize::MAX).into_iter().map(Scope::Session)).collect()
    }

    /// How many sessions of a scope this node holds.
    ///
    /// # Complexity
    /// O(sessions).
    #[must_use]
    pub fn count_held(&self, scope: &Scope) -> usize {
        let table = &self.core.table;
        table.shards().map(|shard| table.select(shard, |live| live.is_in(scope)).len()).sum()
    }

    /// A session that this node holds. Does not count as use.
    #[must_use]
    pub fn held_record(&self, id: SessionId) -> Option<SessionRecord> {
        self.core.table.get(&id).map(|live| live.to_record())
    }

    /// Sessions of a scope, on all nodes, ordered by name, after a given one; at most `limit`.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn list(
        &self,
        scope: Scope,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        self.core.record_outcome(self.core.store.list(&scope, after.as_ref(), limit).await)
    }
}

impl Core {
    /// Ends sessions here at once and then in the store. If this is dropped half-way, maintenance goes on
    /// with it.
    pub(super) async fn end(&self, scope: Scope) -> Revocation {
        let said = self.now();
        let here = match &scope {
            Scope::Session(id) => usize::from(self.table.end(id).is_some()),
            _ => {
                let mut bulk_revocations = self.bulk_revocations.lock();
                bulk_revocations.retain(|end| end.scope != scope);
                bulk_revocations.push(BulkRevocation { scope, said });
                drop(bulk_revocations);
                self.table.end_all(&scope)
            }
        };
        Counters::add(&self.counters.ended, here);
        // Told at once it is about every session that there is, so the store need not compare moments.
        match self.propagate(&scope, said, Duration::ZERO).await {
            Ok(sessions) => Revocation { sessions, pending: None },
            Err(error) => {
                Revocation { sessions: u64::try_from(here).unwrap_or(u64::MAX), pending: Some(error) }
            }
        }
    }

    /// Tells the store of an end that was said here, `ago` before: sessions that began since are not meant.
    pub(super) async fn propagate(
        &self,
        scope: &Scope,
        said: Moment,
        ago: Duration,
    ) -> Result<u64, PortError> {
        let sessions = self.record_outcome(self.store.end(scope, ago).await)?;
        match scope {
            Scope::Session(id) => self.table.ended(id),
            _ => {
                // First the sessions that were opened meanwhile, then the bar against opening them.
                self.table.ended_all(scope, self.now());
                self.bulk_revocations.lock().retain(|end| end.scope != *scope || end.said > said);
            }
        }
        Ok(sessions)
    }

    /// Tells the store of all ends that it was not told yet.
    pub(super) async fn retry_revocations(&self) -> Result<(), PortError> {
        let bulk: Vec<BulkRevocation> = self.bulk_revocations.lock().clone();
        for end in bulk {
            self.retry_bulk_revocation(&end).await?;
        }
        for id in self.table.ending(crate::store::BATCH) {
            self.propagate(&Scope::Session(id), self.now(), Duration::ZERO).await?;
        }
        Ok(())
    }

    pub(super) async fn retry_bulk_revocation(&self, end: &BulkRevocation) -> Result<(), PortError> {
        let ago = if self.may_spare(end) { self.now().since(end.said) } else { Duration::ZERO };
        self.propagate(&end.scope, end.said, ago).await.map(drop)
    }

    /// Can sessions have begun since an end that covers them? Where the store is not shared they are all in
    /// the table.
    fn may_spare(&self, end: &BulkRevocation) -> bool {
        let is_later = |live: &CachedSession| live.began >= end.said && live.is_in(&end.scope);
        self.store.is_shared()
            || self.table.shards().any(|shard| !self.table.select(shard, is_later).is_empty())
    }

    /// An end that covers a session and that the store was not told yet.
    pub(super) fn bulk_revocation_of(&self, record: &SessionRecord) -> Option<BulkRevocation> {
        self.bulk_revocations.lock().iter().find(|end| end.scope.covers(record)).copied()
    }

    /// Was an end said here that covers a session which began then, by this node's clock?
    pub(super) fn is_ended_in_bulk(&self, record: &SessionRecord, began: Moment) -> bool {
        self.bulk_revocations.lock().iter().any(|end| began <= end.said && end.scope.covers(record))
    }

    /// The store does not have a session that is held here.
    pub(super) fn is_gone(&self, live: &Arc<CachedSession>) {
        live.end();
        if self.table.remove(live) {
            self.count(&self.counters.ended_elsewhere);
        }
    }
}
