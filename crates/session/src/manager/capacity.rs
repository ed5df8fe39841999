//! Capacity: reserves a place for a login within the limits, or ends the oldest sessions to make one.

use core::time::Duration;
use std::collections::{BinaryHeap, VecDeque};

use super::Core;
use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::stats::Counters;
use crate::{AtLimit, ClientId, LoginError, Scope, SessionId, UserId};

impl Core {
    /// Ends the oldest sessions beyond the limits.
    pub(super) async fn make_room(&self, newest: &CachedSession) -> Vec<SessionId> {
        if self.options.at_limit == AtLimit::Refuse {
            return Vec::new();
        }
        let ended = self.end_oldest(newest);
        for id in &ended {
            // A failure is counted, and maintenance retries.
            drop(self.propagate(&Scope::Session(*id), self.now(), Duration::ZERO).await);
        }
        Counters::add(&self.counters.ended, ended.len());
        ended
    }

    /// Takes the oldest sessions beyond the limits out of the table, but never the newest.
    fn end_oldest(&self, newest: &CachedSession) -> Vec<SessionId> {
        let mut ended = Vec::new();
        // One login at a time, so that two logins never end sessions for the same place. Lock order: this,
        // then a shard of the table.
        let mut oldest = self.oldest.lock();
        if let Some(limit) = self.options.max_sessions_per_user {
            let mut of_user = self.table.users().sessions_of(newest.client(), newest.user);
            let beyond = of_user.len().saturating_sub(limit.max(1));
            of_user.retain(|live| live.id != newest.id);
            ended.extend(of_user.iter().take(beyond).map(|live| live.id));
            ended.iter().for_each(|id| drop(self.table.end(id)));
        }
        while self.table.len() > self.options.max_sessions.max(1) {
            let Some(id) = oldest.next(self, &newest.id) else { break };
            self.table.end(&id);
            ended.push(id);
        }
        ended
    }
}

/// A batch of the oldest sessions, so that logins at the limit seldom scan the table.
#[derive(Debug, Default)]
pub(super) struct OldestSessions {
    queue: VecDeque<SessionId>,
}

impl OldestSessions {
    /// The oldest session on this node, other than the newest.
    fn next(&mut self, core: &Core, newest: &SessionId) -> Option<SessionId> {
        for _ in 0..2 {
            while let Some(id) = self.queue.pop_front() {
                if id != *newest && core.table.get(&id).is_some() {
                    return Some(id);
                }
            }
            self.fill(core);
        }
        None
    }

    fn fill(&mut self, core: &Core) {
        // The batch may contain the newest session.
        let wanted = core.table.len().div_ceil(1_024) + 1;
        let mut oldest: BinaryHeap<(Moment, SessionId)> = BinaryHeap::with_capacity(wanted + 1);
        for shard in core.table.shards() {
            for live in core.table.select(shard, |_| true) {
                oldest.push((live.began, live.id));
                if oldest.len() > wanted {
                    oldest.pop();
                }
            }
        }
        self.queue = oldest.into_sorted_vec().into_iter().map(|(_, id)| id).collect();
    }
}

/// Places within the limits that a login in progress holds. Dropping it releases them.
pub(super) struct Reservation<'a> {
    core: &'a Core,
    pub(super) place: bool,
    user: Option<(ClientId, UserId)>,
    replaces: bool,
}

impl<'a> Reservation<'a> {
    /// A session that replaces another needs no place of its own.
    pub(super) fn new(core: &'a Core, replaces: bool) -> Result<Self, LoginError> {
        let mut reservation = Reservation { core, place: false, user: None, replaces };
        if replaces || core.options.at_limit == AtLimit::EndOldest {
            return Ok(reservation);
        }
        let limit = core.options.max_sessions;
        if !core.table.reserve(limit) {
            return Err(LoginError::TooManySessions { limit });
        }
        reservation.place = true;
        Ok(reservation)
    }

    pub(super) fn reserve_for_user(&mut self, client: ClientId, user: UserId) -> Result<(), LoginError> {
        let refuses = self.core.options.at_limit == AtLimit::Refuse && !self.replaces;
        let Some(limit) = self.core.options.max_sessions_per_user.filter(|_| refuses) else { return Ok(()) };
        if !self.core.table.users().reserve(client, user, limit) {
            return Err(LoginError::TooManySessionsOfUser { user, limit });
        }
        self.user = Some((client, user));
        Ok(())
    }

    /// The session is in the table and owns the places now.
    pub(super) fn keep(mut self) {
        self.place = false;
        self.user = None;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.place {
            self.core.table.release();
        }
        if let Some((client, user)) = self.user {
            self.core.table.users().release(client, user);
        }
    }
}
