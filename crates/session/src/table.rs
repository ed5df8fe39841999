//! `Table`: the sessions that this node holds, by id.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::pinned::shared_bytes;
use crate::sharded::{SHARDS, Sharded};
use crate::users::Users;
use crate::{Scope, SessionId};
use platform::sync::{AtomicUsize, Ordering, RwLock};

/// The sessions that a node holds, by name.
///
/// Looking into the store and putting what was found into the table are two steps, and an end may come
/// between them. So each shard counts its ends: an insertion says what the count was before it
/// looked, and looks again if it moved.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Sharded<RwLock<Shard>>,
    count: AtomicUsize,
    /// Sessions, and logins under way that have a place.
    places: AtomicUsize,
    users: Users,
}

#[derive(Debug, Default)]
struct Shard {
    sessions: HashTable<Arc<CachedSession>>,
    /// How many ends there were, by a few more bits of the name.
    ends: [u64; 16],
    /// Sessions whose end was said here and is not in the store yet.
    ending: HashTable<SessionId>,
}

impl Shard {
    fn is_ending(&self, id: &SessionId) -> bool {
        self.ending.find(id.hash(), |other| other == id).is_some()
    }

    fn ends_near(&self, id: &SessionId) -> u64 {
        self.ends.get(near(id)).copied().unwrap_or_default()
    }

    fn count_end(&mut self, id: &SessionId) {
        if let Some(ends) = self.ends.get_mut(near(id)) {
            *ends += 1;
        }
    }
}

fn near(id: &SessionId) -> usize {
    let [.., bits, _] = id.as_bytes();
    usize::from(bits % 16)
}

/// How many ends there had been near a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends(u64);

/// What became of an insertion.
#[derive(Debug)]
pub(crate) enum Insertion {
    /// It is in the table; or another one of the same name was first, which is given.
    Held(Arc<CachedSession>),
    /// Something was ended meanwhile: look into the store again.
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

    /// To be called before looking into the store; `None` if the session's end was said here.
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

    /// Puts a session into the table, unless something was ended since `ends` was taken. If its place was
    /// reserved, the session takes it.
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

    /// Takes a session out because it is ended, and blocks its return until [`ended`](Self::ended).
    pub(crate) fn end(&self, id: &SessionId) -> Option<Arc<CachedSession>> {
        let mut shard = self.shard(id).write();
        shard.count_end(id);
        if !shard.is_ending(id) {
            shard.ending.insert_unique(id.hash(), *id, SessionId::hash);
        }
        self.take(&mut shard, id).inspect(|live| live.end())
    }

    /// The session is ended in the store.
    pub(crate) fn ended(&self, id: &SessionId) {
        let mut shard = self.shard(id).write();
        shard.count_end(id);
        if let Ok(entry) = shard.ending.find_entry(id.hash(), |other| other == id) {
            entry.remove();
        }
        if shard.ending.is_empty() {
            shard.ending = HashTable::new();
        }
    }

    /// Up to `limit` sessions whose end the store was not told yet.
    pub(crate) fn ending(&self, limit: usize) -> Vec<SessionId> {
        let mut ids = Vec::new();
        for shard in self.shards.iter() {
            ids.extend(shard.read().ending.iter().take(limit.saturating_sub(ids.len())));
        }
        ids
    }

    /// How many sessions there are whose end the store was not told yet.
    pub(crate) fn count_ending(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().ending.len()).sum()
    }

    /// Takes all sessions of a scope out because they are ended.
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

    /// The sessions of a scope are ended in the store, but for those made since; which are which, the store
    /// knows.
    pub(crate) fn ended_all(&self, scope: &Scope, now: Moment) {
        for shard in self.shards.iter() {
            let mut shard = shard.write();
            shard.ends.iter_mut().for_each(|ends| *ends += 1);
            shard.sessions.iter().filter(|live| live.is_in(scope)).for_each(|live| live.mark_stale(now));
        }
    }

    /// Takes one session out that is known to be gone or over; says whether it was this one that was held.
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
        // A table that was large once gives its bytes back.
        if is_too_large(&shard.sessions) {
            shard.sessions.shrink_to_fit(|live| live.id.hash());
        }
        Some(live)
    }

    /// The sessions of one shard that are as asked.
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

/// Has a table more than four times the places that it needs?
pub(crate) fn is_too_large<T>(table: &HashTable<T>) -> bool {
    table.is_empty() || table.capacity() / 4 > table.len().max(4)
}
