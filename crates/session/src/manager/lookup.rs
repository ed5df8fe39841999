//! Lookup: from a token to its session, from memory or by one read of the store.

use core::time::Duration;
use std::sync::Arc;

use super::reopen::ReopenFailure;
use super::{Core, SessionManager};
use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::pinned::PinnedAccess;
use crate::table::Insertion;
use crate::token::Token;
use crate::{Scope, Session, SessionError, SessionId, SessionRecord, StoredSession};

impl SessionManager {
    /// The session of a token. Counts as use.
    ///
    /// Usually answered from memory. The manager reads one row of the store for a session that is not in
    /// memory, or was not validated within [`Options::revalidate_within`](crate::Options::revalidate_within),
    /// and the tree and access if they are not in memory.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn session(&self, token: &Token) -> Result<Session, SessionError> {
        self.find(token, Use::Yes).await
    }

    /// The session of a token, as [`session`](Self::session) finds it. Does not count as use: for requests
    /// that no user caused, such as polling by an open page. A session that is only polled becomes idle.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn peek(&self, token: &Token) -> Result<Session, SessionError> {
        self.find(token, Use::No).await
    }

    /// The session of a token if memory alone can answer, without awaiting a future. Counts as use. After
    /// `None` call [`session`](Self::session): the token may still have a session.
    #[must_use]
    pub fn session_in_memory(&self, token: &Token) -> Option<Session> {
        let id = token.id();
        self.core.find_trusted(self.core.table.get(&id).as_ref(), Use::Yes)
    }

    /// How long a session lives if it is not used again: the time until [`Session::expires_at`].
    #[must_use]
    pub fn expires_in(&self, session: &Session) -> Duration {
        session.expires_at().saturating_sub(self.core.clock.now())
    }

    async fn find(&self, token: &Token, usage: Use) -> Result<Session, SessionError> {
        let core = &self.core;
        let id = token.id();
        let held = core.table.get(&id);
        if let Some(session) = core.find_trusted(held.as_ref(), usage) {
            return Ok(session);
        }
        // The future that asks the store is large. Boxed, it costs nothing if memory answers.
        let found = Box::pin(core.look_up(id, held, usage)).await.map(Session::new);
        if matches!(found, Err(SessionError::NotLive)) {
            core.count(&core.counters.unknown_tokens);
        }
        found
    }
}

/// Does a lookup count as use of the session?
#[derive(Clone, Copy, Debug)]
enum Use {
    Yes,
    No,
}

impl Use {
    fn record(self, live: &CachedSession, now: Moment) {
        match self {
            Use::Yes => live.touch(now),
            Use::No => {}
        }
    }
}

impl Core {
    /// The session in memory, if it is valid without asking the store.
    fn find_trusted(&self, held: Option<&Arc<CachedSession>>, usage: Use) -> Option<Session> {
        let now = self.now();
        let live = held.filter(|live| self.is_trusted(live, now))?;
        usage.record(live, now);
        self.count(&self.counters.hits);
        Some(Session::new(Arc::clone(live)))
    }

    /// Is a session valid without asking the store?
    fn is_trusted(&self, live: &CachedSession, now: Moment) -> bool {
        !live.is_too_old(now)
            && !live.is_idle(now, Duration::ZERO)
            && !live.needs_revalidation()
            && (!self.store.is_shared() || now.since(live.validated()) <= self.options.revalidate_within)
    }

    /// Reads a session from the store. `held` is the session in memory, if any.
    async fn look_up(
        &self,
        id: SessionId,
        held: Option<Arc<CachedSession>>,
        usage: Use,
    ) -> Result<Arc<CachedSession>, SessionError> {
        if let Some(live) = &held
            && self.expire_if_over(live).await
        {
            return Err(SessionError::NotLive);
        }
        loop {
            let ends = self.table.ends(&id).ok_or(SessionError::NotLive)?;
            let now = self.now();
            if let Some(live) =
                held.as_ref().filter(|live| self.is_store_away(now) && self.fails_open(live, now))
            {
                return self.use_held(live, now, usage);
            }
            self.count(&self.counters.store_reads);
            let stored = match self.record_outcome(self.store.open(&id).await) {
                Ok(Some(stored)) if stored.record.id == id => stored,
                Ok(_) => {
                    held.iter().for_each(|live| self.remove_gone(live));
                    return Err(SessionError::NotLive);
                }
                Err(error) => {
                    return match held.filter(|live| self.fails_open(live, now)) {
                        Some(live) => self.use_held(&live, now, usage),
                        None => Err(SessionError::Unavailable(error)),
                    };
                }
            };
            if let Some(end) = self.bulk_revocation_of(&stored.record) {
                // Only the store can tell whether the session began before that revocation.
                self.retry_bulk_revocation(&end).await.map_err(SessionError::Unavailable)?;
                continue;
            }
            if self.is_stored_over(&stored, held.as_deref(), now) {
                return Err(SessionError::NotLive);
            }
            let began = now.before(stored.age);
            let live = match &held {
                Some(live) => Arc::clone(live),
                None => {
                    let seen = now.before(stored.idle);
                    let access = self.find_pinned(&stored.record).await?;
                    let role = self.parts.pin_role(&stored.record, &access);
                    Arc::new(CachedSession::new(&stored.record, role, began, seen, now))
                }
            };
            match self.table.insert(live, ends, false) {
                Insertion::Held(live) => {
                    if held.is_none() {
                        self.count(&self.counters.reopened);
                    }
                    live.validate(now);
                    usage.record(&live, now);
                    return Ok(live);
                }
                Insertion::LookAgain => {}
            }
        }
    }

    /// The tree and access of a session. Bytes with another hash, or in a format that is no longer read, end
    /// the session.
    async fn find_pinned(&self, record: &SessionRecord) -> Result<Arc<PinnedAccess>, SessionError> {
        match self.reopening.find(record).await {
            Ok(pinned) => Ok(pinned),
            Err(ReopenFailure::Unavailable(error)) => {
                self.record_outcome(Err(error)).map_err(SessionError::Unavailable)
            }
            Err(failure) => {
                match failure {
                    ReopenFailure::Damaged(_) => self.count(&self.counters.damaged),
                    ReopenFailure::Outdated => self.count(&self.counters.outdated),
                    _ => return Err(failure.for_session(record.id)),
                }
                self.end(Scope::Session(record.id)).await;
                Err(failure.for_session(record.id))
            }
        }
    }

    /// Has a session in memory expired, as far as this node alone can know?
    async fn expire_if_over(&self, live: &Arc<CachedSession>) -> bool {
        let now = self.now();
        let is_idle = live.is_idle(now, Duration::ZERO);
        if live.is_too_old(now) || is_idle && !self.store.is_shared() {
            self.expire(live).await;
            return true;
        }
        false
    }

    /// Removes an expired session.
    pub(super) async fn expire(&self, live: &Arc<CachedSession>) {
        if self.store.is_shared() {
            // Another node may have seen later use, so the session stays in the store until the sweep.
            self.table.remove(live);
        } else {
            self.end(Scope::Session(live.id)).await;
        }
        self.count(&self.counters.expired);
    }

    /// Has a stored session expired? Allows for use that other nodes have not written yet.
    fn is_stored_over(&self, stored: &StoredSession, held: Option<&CachedSession>, now: Moment) -> bool {
        let lifetime = stored.record.lifetime;
        let idle_here = held.map_or(stored.idle, |live| now.since(live.seen()));
        stored.age > lifetime.absolute()
            || stored.idle.min(idle_here) > lifetime.idle().saturating_add(self.options.allowance())
    }

    /// May a session in memory stay valid although the store is unavailable?
    fn fails_open(&self, live: &CachedSession, now: Moment) -> bool {
        let limit = self.options.fail_open.unwrap_or(live.lifetime.idle());
        now.since(live.validated()) <= limit && !live.is_too_old(now) && !live.is_idle(now, Duration::ZERO)
    }

    fn use_held(
        &self,
        live: &Arc<CachedSession>,
        now: Moment,
        usage: Use,
    ) -> Result<Arc<CachedSession>, SessionError> {
        if live.is_ended() {
            return Err(SessionError::NotLive);
        }
        usage.record(live, now);
        self.count(&self.counters.failed_open);
        Ok(Arc::clone(live))
    }
}
