//! `Table`: the sessions that this node holds, by id.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::pinned::shared_bytes;
use crate::sharded::{SHARDS, Sharded};
use crate::spare_capacity::is_too_large;
use crate::users::Users;
use crate::{Scope, SessionId};
use platform::sync::{AtomicUsize, Ordering, RwLock};

/// The sessions that a node holds, by name.
///
/// Reading a session from the store and inserting it here are two steps, and a revocation may happen in
/// between. So each shard counts its revocations: an insertion passes the count from before its read, and
/// reads again if the count has changed.
pub(crate) struct Table {
    shards: Sharded<RwLock<Shard>>,
    count: AtomicUsize,
    /// Sessions, and reservations of logins in progress.
    places: AtomicUsize,
    users: Users,
}

#[derive(Default)]
struct Shard {
    sessions: HashTable<Arc<CachedSession>>,
    /// How often a session was revoked, counted by four more bits of the id.
    ends: [u64; 16],
    /// Sessions that were revoked here and are still in the store.
    ending: HashTable<SessionId>,
}

impl Shard {
    fn is_ending(&self, id: &SessionId) -> bool {
        self.ending.find(id.hash(), |other| other == id).is_some()
    }

    #[expect(clippy::indexing_slicing, reason = "`near` is below the number of counters")]
    fn ends_near(&self, id: &SessionId) -> u64 {
        self.ends[near(id)]
    }

    #[expect(clippy::indexing_slicing, reason = "`near` is below the number of counters")]
    fn count_end(&mut self, id: &SessionId) {
        self.ends[near(id)] += 1;
    }
}

fn near(id: &SessionId) -> usize {
    let [.., bits, _] = id.as_bytes();
    usize::from(bits % 16)
}

/// The number of revocations near an id, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends(u64);

/// The outcome of an insertion.
pub(crate) enum Insertion {
    /// The session of that id in the table: the inserted one, or one that another call inserted first.
    Held(Arc<CachedSession>),
    /// A session was revoked in the meantime: read from the store again.
    LookAgain,
}

impl Table {
    pub(crate) fn new() -> Self {
        Table {
            shards: Sharded::default(),
            count: AtomicUsize::new(0),
            places: AtomicUsize::new(0),
            users: Users::new(),
        }
    }

    pub(crate) fn users(&self) -> &Users {
        &self.users
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    pub(crate) const fn shards(&self) -> core::ops::Range<usize> {
        0..SHARDS
    }

    fn shard(&self, id: &SessionId) -> &RwLock<Shard> {
        // The table within a shard uses the other bits.
        let [.., last] = id.as_bytes();
        self.shards.at(usize::from(*last))
    }

    pub(crate) fn get(&self, id: &SessionId) -> Option<Arc<CachedSession>> {
        let shard = self.shard(id).read();
        shard.sessions.find(id.hash(), |live| live.id == *id).map(Arc::clone)
    }

    /// Call it before reading from the store. `None` if the session was revoked here.
    pub(crate) fn ends(&self, id: &SessionId) -> Option<Ends> {
        let shard = self.shard(id).read();
        (!shard.is_ending(id)).then(|| Ends(shard.ends_near(id)))
    }

    /// Takes a place for one more session, unless `limit` places are taken.
    pub(crate) fn reserve(&self, limit: usize) -> bool {
        let taken = self.places.fetch_add(1, Ordering::SeqCst);
        if taken >= limit {
            self.release();
        }
        taken < limit
    }

    /// Gives a place back that was taken.
    pub(crate) fn release(&self) {
        self.places.fetch_sub(1, Ordering::SeqCst);
    }

    /// Inserts a session, unless one near it was revoked since `ends` was taken. A session with a reservation
    /// uses it up.
    pub(crate) fn insert(&self, live: Arc<CachedSession>, ends: Ends, is_reserved: bool) -> Insertion {
        let id = live.id;
        let mut shard = self.shard(&id).write();
        if shard.ends_near(&id) != ends.0 || shard.is_ending(&id) {
            return Insertion::LookAgain;
        }
        let same = |other: &Arc<CachedSession>| other.id == id;
        match shard.sessions.entry(id.hash(), same, |live| live.id.hash()) {
            Entry::Occupied(entry) => Insertion::Held(Arc::clone(entry.get())),
            Entry::Vacant(entry) => {
                entry.insert(Arc::clone(&live));
                self.users.add(&live, is_reserved);
                self.count.fetch_add(1, Ordering::SeqCst);
                if !is_reserved {
                    self.places.fetch_add(1, Ordering::SeqCst);
                }
                Insertion::Held(live)
            }
        }
    }

    /// Removes a revoked session, and blocks its return until [`finish_end`](Self::finish_end).
    pub(crate) fn end(&self, id: &SessionId) -> Option<Arc<CachedSession>> {
        let mut shard = self.shard(id).write();
        shard.count_end(id);
        if !shard.is_ending(id) {
            shard.ending.insert_unique(id.hash(), *id, SessionId::hash);
        }
        self.take(&mut shard, id).inspect(|live| live.end())
    }

    /// The session is no longer in the store.
    pub(crate) fn finish_end(&self, id: &SessionId) {
        let mut shard = self.shard(id).write();
        shard.count_end(id);
        if let Ok(entry) = shard.ending.find_entry(id.hash(), |other| other == id) {
            entry.remove();
        }
        if shard.ending.is_empty() {
            shard.ending = HashTable::new();
        }
    }

    /// Up to `limit` sessions that were revoked here and may still be in the store.
    pub(crate) fn ending(&self, limit: usize) -> Vec<SessionId> {
        let mut ids = Vec::new();
        for shard in self.shards.iter() {
            ids.extend(shard.read().ending.iter().take(limit.saturating_sub(ids.len())));
        }
        ids
    }

    /// The number of sessions that were revoked here and may still be in the store.
    pub(crate) fn count_ending(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().ending.len()).sum()
    }

    /// Removes all sessions of a scope, which are revoked.
    pub(crate) fn end_all(&self, scope: &Scope) -> usize {
        let mut ended = 0;
        for shard in self.shards.iter() {
            let mut shard = shard.write();
            shard.ends.iter_mut().for_each(|ends| *ends += 1);
            for id in matching(&shard, scope) {
                ended += usize::from(self.take(&mut shard, &id).inspect(|live| live.end()).is_some());
            }
        }
        ended
    }

    /// The store has ended the sessions of a scope. It may have ended sessions that began in the meantime as
    /// well, so those are revalidated at their next use.
    pub(crate) fn finish_end_all(&self, scope: &Scope, now: Moment) {
        for shard in self.shards.iter() {
            let mut shard = shard.write();
            shard.ends.iter_mut().for_each(|ends| *ends += 1);
            shard.sessions.iter().filter(|live| live.is_in(scope)).for_each(|live| live.mark_stale(now));
        }
    }

    /// Removes a session that is gone from the store or expired; true if the table held this very one.
    pub(crate) fn remove(&self, live: &Arc<CachedSession>) -> bool {
        let mut shard = self.shard(&live.id).write();
        let held = shard.sessions.find(live.id.hash(), |other| Arc::ptr_eq(other, live)).is_some();
        if held {
            shard.count_end(&live.id);
        }
        held && self.take(&mut shard, &live.id).is_some()
    }

    fn take(&self, shard: &mut Shard, id: &SessionId) -> Option<Arc<CachedSession>> {
        let entry = shard.sessions.find_entry(id.hash(), |live| live.id == *id).ok()?;
        let (live, _) = entry.remove();
        self.users.remove(&live);
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.release();
        // Give memory back after a peak.
        if is_too_large(shard.sessions.capacity(), shard.sessions.len()) {
            shard.sessions.shrink_to_fit(|live| live.id.hash());
        }
        Some(live)
    }

    /// The sessions of one shard that match.
    pub(crate) fn select(
        &self,
        shard: usize,
        is_it: impl Fn(&CachedSession) -> bool,
    ) -> Vec<Arc<CachedSession>> {
        self.shards.at(shard).read().sessions.iter().filter(|live| is_it(live)).map(Arc::clone).collect()
    }

    /// The heap bytes of all sessions, without what they share.
    pub(crate) fn footprint(&self) -> usize {
        let tables: usize = self
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.read();
                shard.sessions.allocation_size() + shard.ending.allocation_size()
            })
            .sum();
        tables
            + self.shards.footprint()
            + self.users.footprint()
            + self.len() * shared_bytes::<CachedSession>()
    }
}

fn matching(shard: &Shard, scope: &Scope) -> Vec<SessionId> {
    shard.sessions.iter().filter(|live| live.is_in(scope)).map(|live| live.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_makes_lookups_of_few_other_sessions_read_again() {
        let table = Table::new();
        // The last byte chooses the shard, and four bits of the one before it the counter.
        let id = |bits: u8| {
            let mut bytes = [7; 32];
            bytes[30] = bits;
            SessionId::from_bytes(bytes)
        };
        let ends = || [0, 1, 2, 15, 16].map(|bits| table.ends(&id(bits)).unwrap());
        let before = ends();
        assert!(table.end(&id(32)).is_none());
        let is_changed: Vec<bool> =
            before.iter().zip(ends()).map(|(before, after)| *before != after).collect();
        assert_eq!(is_changed, [true, false, false, false, true]);
    }
}
