//! Revocation: ends sessions, here at once, then in the store and through it on the other nodes.

use core::time::Duration;
use std::sync::Arc;

use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::stats::Counters;
use crate::token::Token;
use crate::{PortError, Scope, SessionError, SessionRecord};

/// The outcome of a revocation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Revocation {
    /// How many sessions were ended: in the store, or on this node if the store does not answer.
    pub sessions: u64,
    /// Why the revocation is not in the store yet. It has taken effect on this node, and will on the others
    /// once the store answers.
    pub pending: Option<PortError>,
}

/// A revocation of many sessions that is not in the store yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct BulkRevocation {
    scope: Scope,
    /// When it was requested. It spares sessions that began later.
    requested: Moment,
}

impl SessionManager {
    /// Ends the session of a token. It is no error if the session has already ended.
    ///
    /// # Errors
    /// [`SessionError::Unavailable`] if this node does not hold the session and the store does not answer.
    pub async fn logout(&self, token: &Token) -> Result<Revocation, SessionError> {
        let id = token.id();
        let scope = Scope::Session(id);
        if self.core.table.get(&id).is_some() {
            return Ok(self.core.end(scope).await);
        }
        // Do not keep a revocation for a retry if its session may never have existed.
        let ended = self.core.record_outcome(self.core.store.end(&scope, Duration::ZERO).await);
        let sessions = ended.map_err(SessionError::Unavailable)?;
        // A concurrent lookup may have cached the session in the meantime, or be about to.
        self.core.table.end(&id);
        self.core.table.finish_end(&id);
        Ok(Revocation { sessions, pending: None })
    }

    /// Ends all sessions of a scope: on this node before the call returns, and on other nodes within
    /// [`Options::revalidate_within`](crate::Options::revalidate_within).
    pub async fn end(&self, scope: Scope) -> Revocation {
        self.core.end(scope).await
    }

    /// The revocations that are not in the store yet. They are lost with the process: a program that must not
    /// lose them saves the list and calls [`end`](Self::end) again after its restart.
    #[must_use]
    pub fn pending_revocations(&self) -> Vec<Scope> {
        let core = &self.core;
        let bulk: Vec<Scope> = core.bulk_revocations.lock().iter().map(|end| end.scope).collect();
        bulk.into_iter().chain(core.table.ending(usize::MAX).into_iter().map(Scope::Session)).collect()
    }
}

impl Core {
    /// Ends sessions on this node, then in the store. If the call is cancelled, maintenance completes it.
    pub(super) async fn end(&self, scope: Scope) -> Revocation {
        let requested = self.now();
        let here = match &scope {
            Scope::Session(id) => usize::from(self.table.end(id).is_some()),
            _ => {
                let mut bulk_revocations = self.bulk_revocations.lock();
                bulk_revocations.retain(|end| end.scope != scope);
                bulk_revocations.push(BulkRevocation { scope, requested });
                drop(bulk_revocations);
                self.table.end_all(&scope)
            }
        };
        Counters::add(&self.counters.ended, here);
        // With a delay of zero the revocation covers every session of the scope, and the store compares no
        // times.
        match self.propagate(&scope, requested, Duration::ZERO).await {
            Ok(sessions) => Revocation { sessions, pending: None },
            Err(error) => {
                Revocation { sessions: u64::try_from(here).unwrap_or(u64::MAX), pending: Some(error) }
            }
        }
    }

    /// Writes a revocation to the store, `ago` after it was requested. Spares sessions that began since.
    pub(super) async fn propagate(
        &self,
        scope: &Scope,
        requested: Moment,
        ago: Duration,
    ) -> Result<u64, PortError> {
        let sessions = self.record_outcome(self.store.end(scope, ago).await)?;
        match scope {
            Scope::Session(id) => self.table.finish_end(id),
            _ => {
                // In this order: until the revocation is off the list, no lookup brings such a session back.
                self.table.finish_end_all(scope, self.now());
                self.bulk_revocations.lock().retain(|end| end.scope != *scope || end.requested > requested);
            }
        }
        Ok(sessions)
    }

    /// Writes all pending revocations to the store.
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
        let ago = if self.may_spare(end) { self.now().since(end.requested) } else { Duration::ZERO };
        self.propagate(&end.scope, end.requested, ago).await.map(drop)
    }

    /// Can sessions have begun since a revocation that covers them? If the store is not shared, such sessions
    /// are all in the table.
    fn may_spare(&self, end: &BulkRevocation) -> bool {
        let is_later = |live: &CachedSession| live.began >= end.requested && live.is_in(&end.scope);
        self.store.is_shared()
            || self.table.shards().any(|shard| !self.table.select(shard, is_later).is_empty())
    }

    /// A pending revocation that covers a session.
    pub(super) fn bulk_revocation_of(&self, record: &SessionRecord) -> Option<BulkRevocation> {
        self.bulk_revocations.lock().iter().find(|end| end.scope.covers(record)).copied()
    }

    /// Does a pending revocation cover a session that began at this moment of this node's clock?
    pub(super) fn is_ended_in_bulk(&self, record: &SessionRecord, began: Moment) -> bool {
        self.bulk_revocations.lock().iter().any(|end| began <= end.requested && end.scope.covers(record))
    }

    /// Removes a cached session that the store no longer has.
    pub(super) fn remove_gone(&self, live: &Arc<CachedSession>) {
        live.end();
        if self.table.remove(live) {
            self.count(&self.counters.ended_elsewhere);
        }
    }
}
