//! Ending sessions.

use core::time::Duration;
use std::sync::Arc;

use super::{Core, SessionManager};
use crate::clock::Moment;
use crate::live::Live;
use crate::stats::Counters;
use crate::token::Token;
use crate::{PortError, Scope, SessionError, SessionId, SessionRecord, StoredSession};

/// What became of an end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// How many sessions were ended: in the store, or as long as that does not answer, on this node.
    pub sessions: u64,
    /// Why the store was not told yet, if it was not. The sessions are ended on this node; everywhere else they will be as soon
    /// as the store answers.
    pub pending: Option<PortError>,
}

/// An end of many sessions that the store was not told yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct BulkEnd {
    scope: Scope,
    said: Moment,
}

impl SessionManager {
    /// Ends the session of a token. The token of a session that has ended already is no error.
    ///
    /// # Errors
    /// [`SessionError::Unavailable`] if this node does not hold the session and the store does not answer.
    pub async fn logout(&self, token: &str) -> Result<Ended, SessionError> {
        let Some(token) = Token::parse(token) else { return Ok(Ended { sessions: 0, pending: None }) };
        let id = token.id();
        let scope = Scope::Session(id);
        if self.core.table.get(&id).is_some() {
            return Ok(self.core.end(scope).await);
        }
        // Nobody's word is kept for later about a session that may never have been.
        let ended = self.core.noted(self.core.store.end(&scope, Duration::ZERO).await);
        let sessions = ended.map_err(SessionError::Unavailable)?;
        // Somebody may have brought it in meanwhile, or be about to.
        self.core.table.end(&id);
        self.core.table.ended(&id);
        Ok(Ended { sessions, pending: None })
    }

    /// Ends all sessions of a scope: here when this returns, and on other nodes within
    /// [`Options::revalidate_within`](crate::Options::revalidate_within).
    pub async fn end(&self, scope: Scope) -> Ended {
        self.core.end(scope).await
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
        self.core.noted(self.core.store.list(&scope, after.as_ref(), limit).await)
    }
}

impl Core {
    /// Ends sessions here at once and then in the store. If this is dropped half-way, maintenance goes on with it.
    pub(super) async fn end(&self, scope: Scope) -> Ended {
        let said = self.now();
        let here = match &scope {
            Scope::Session(id) => usize::from(self.table.end(id).is_some()),
            _ => {
                let mut bulk_ends = self.bulk_ends.lock();
                bulk_ends.retain(|end| end.scope != scope);
                bulk_ends.push(BulkEnd { scope, said });
                drop(bulk_ends);
                self.table.end_all(&scope)
            }
        };
        Counters::add(&self.counters.ended, here);
        match self.tell_end(&scope, said).await {
            Ok(sessions) => Ended { sessions, pending: None },
            Err(error) => Ended { sessions: u64::try_from(here).unwrap_or(u64::MAX), pending: Some(error) },
        }
    }

    /// Tells the store of an end that was said here.
    pub(super) async fn tell_end(&self, scope: &Scope, said: Moment) -> Result<u64, PortError> {
        // Sessions that began since are not meant.
        let ago = self.now().since(said);
        let sessions = self.noted(self.store.end(scope, ago).await)?;
        match scope {
            Scope::Session(id) => self.table.ended(id),
            _ => {
                // First the sessions that were opened meanwhile, then the bar against opening them.
                self.table.ended_all(scope, self.now());
                self.bulk_ends.lock().retain(|end| end.scope != *scope || end.said > said);
            }
        }
        Ok(sessions)
    }

    /// Tells the store of all ends that it was not told yet.
    pub(super) async fn retry_ends(&self) -> Result<(), PortError> {
        let bulk: Vec<BulkEnd> = self.bulk_ends.lock().clone();
        for end in bulk {
            self.tell_end(&end.scope, end.said).await?;
        }
        for id in self.table.ending(crate::store::BATCH) {
            self.tell_end(&Scope::Session(id), self.now()).await?;
        }
        Ok(())
    }

    /// Was an end said here that covers a session which began then?
    pub(super) fn is_ended_in_bulk(&self, record: &SessionRecord, began: Moment) -> bool {
        self.bulk_ends.lock().iter().any(|end| began <= end.said && end.scope.covers(record))
    }

    /// The store does not have a session that is held here.
    pub(super) fn is_gone(&self, live: &Arc<Live>) {
        live.end();
        if self.table.remove(live) {
            self.count(&self.counters.ended_elsewhere);
        }
    }
}
