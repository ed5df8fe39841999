//! `Users`: the sessions of each user on this node, and the limit of sessions per user.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::cached_session::CachedSession;
use crate::sharded::Sharded;
use crate::spare_capacity::is_too_large;
use crate::{ClientId, UserId};
use platform::sync::Mutex;

/// The sessions that a node holds, by user of a client.
pub(crate) struct Users {
    shards: Sharded<Mutex<Shard>>,
    hasher: ahash::RandomState,
}

/// Most users have one session. Such a user takes one pointer, and is found by the session itself.
#[derive(Default)]
struct Shard {
    // INVARIANT: at most one session of a user.
    single: HashTable<Arc<CachedSession>>,
    // INVARIANT: two or more sessions, all of one user, who has none in `single`.
    several: HashTable<Vec<Arc<CachedSession>>>,
    /// Reservations of logins in progress.
    reservations: HashTable<(Key, usize)>,
}

type Key = (ClientId, UserId);

impl Shard {
    /// The sessions of a user.
    fn sessions(&self, hash: u64, key: &Key) -> &[Arc<CachedSession>] {
        match self.single.find(hash, |live| key_of(live) == *key) {
            Some(live) => core::slice::from_ref(live),
            None => self.several.find(hash, |lives| is_of(lives, key)).map_or(&[], Vec::as_slice),
        }
    }

    fn release(&mut self, hash: u64, key: &Key) {
        if let Ok(mut entry) = self.reservations.find_entry(hash, |(other, _)| other == key) {
            let (_, reservations) = entry.get_mut();
            *reservations = reservations.saturating_sub(1);
            if *reservations == 0 {
                entry.remove();
            }
        }
        if self.reservations.is_empty() {
            self.reservations = HashTable::new();
        }
    }
}

fn key_of(live: &CachedSession) -> Key {
    (live.client(), live.user)
}

fn is_of(lives: &[Arc<CachedSession>], key: &Key) -> bool {
    lives.first().is_some_and(|live| key_of(live) == *key)
}

impl Users {
    pub(crate) fn new() -> Self {
        Users { shards: Sharded::default(), hasher: ahash::RandomState::new() }
    }

    fn place(&self, key: &Key) -> (u64, &Mutex<Shard>) {
        let hash = self.hasher.hash_one(key);
        let [.., shard, _] = hash.to_le_bytes();
        (hash, self.shards.at(usize::from(shard)))
    }

    fn hash_single(&self) -> impl Fn(&Arc<CachedSession>) -> u64 {
        |live| self.hasher.hash_one(key_of(live))
    }

    fn hash_several(&self) -> impl Fn(&Vec<Arc<CachedSession>>) -> u64 {
        |lives| lives.first().map_or(0, |live| self.hasher.hash_one(key_of(live)))
    }

    /// Adds a session. With a reservation, the session takes its place.
    pub(crate) fn add(&self, live: &Arc<CachedSession>, is_reserved: bool) {
        let key = key_of(live);
        let (hash, shard) = self.place(&key);
        let shard = &mut *shard.lock();
        if is_reserved {
            shard.release(hash, &key);
        }
        if let Some(lives) = shard.several.find_mut(hash, |lives| is_of(lives, &key)) {
            lives.push(Arc::clone(live));
            return;
        }
        match shard.single.entry(hash, |other| key_of(other) == key, self.hash_single()) {
            Entry::Vacant(entry) => drop(entry.insert(Arc::clone(live))),
            Entry::Occupied(entry) => {
                let (first, _) = entry.remove();
                shard.several.insert_unique(hash, vec![first, Arc::clone(live)], self.hash_several());
                shrink(&mut shard.single, self.hash_single());
            }
        }
    }

    pub(crate) fn remove(&self, live: &Arc<CachedSession>) {
        let key = key_of(live);
        let (hash, shard) = self.place(&key);
        let shard = &mut *shard.lock();
        if let Ok(entry) = shard.single.find_entry(hash, |other| Arc::ptr_eq(other, live)) {
            entry.remove();
            shrink(&mut shard.single, self.hash_single());
            return;
        }
        let Ok(mut entry) = shard.several.find_entry(hash, |lives| is_of(lives, &key)) else { return };
        let lives = entry.get_mut();
        if let Some(place) = lives.iter().position(|other| Arc::ptr_eq(other, live)) {
            lives.swap_remove(place);
        }
        if is_too_large(lives.capacity(), lives.len()) {
            lives.shrink_to_fit();
        }
        if let [last] = lives.as_slice() {
            let last = Arc::clone(last);
            entry.remove();
            shard.single.insert_unique(hash, last, self.hash_single());
            shrink(&mut shard.several, self.hash_several());
        }
    }

    /// The sessions of a user, oldest first.
    pub(crate) fn sessions_of(&self, client: ClientId, user: UserId) -> Vec<Arc<CachedSession>> {
        let key = (client, user);
        let (hash, shard) = self.place(&key);
        let mut lives = shard.lock().sessions(hash, &key).to_vec();
        lives.sort_by_key(|live| live.began);
        lives
    }

    /// Takes a place for one more session of a user, unless `limit` places are taken.
    pub(crate) fn reserve(&self, client: ClientId, user: UserId, limit: usize) -> bool {
        let key = (client, user);
        let (hash, shard) = self.place(&key);
        let mut shard = shard.lock();
        let held = shard.sessions(hash, &key).len();
        let hasher = |(key, _): &(Key, usize)| self.hasher.hash_one(key);
        match shard.reservations.entry(hash, |(other, _)| *other == key, hasher) {
            Entry::Occupied(mut entry) => {
                let (_, reservations) = entry.get_mut();
                let free = held + *reservations < limit;
                *reservations += usize::from(free);
                free
            }
            Entry::Vacant(entry) => {
                let free = held < limit;
                if free {
                    entry.insert((key, 1));
                }
                free
            }
        }
    }

    /// Gives a place back that was taken.
    pub(crate) fn release(&self, client: ClientId, user: UserId) {
        let key = (client, user);
        let (hash, shard) = self.place(&key);
        shard.lock().release(hash, &key);
    }

    /// The heap bytes of the tables, without the sessions. Reservations of logins under way are not counted.
    pub(crate) fn footprint(&self) -> usize {
        let shards = self.shards.iter().map(|shard| {
            let shard = shard.lock();
            let several =
                |lives: &Vec<Arc<CachedSession>>| lives.capacity() * size_of::<Arc<CachedSession>>();
            shard.single.allocation_size()
                + shard.several.allocation_size()
                + shard.several.iter().map(several).sum::<usize>()
        });
        shards.sum::<usize>() + self.shards.footprint()
    }
}

/// Gives memory back after a peak.
fn shrink<T>(table: &mut HashTable<T>, hasher: impl Fn(&T) -> u64) {
    if is_too_large(table.capacity(), table.len()) {
        table.shrink_to_fit(hasher);
    }
}
