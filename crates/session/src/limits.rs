//! `Users`: the sessions of each user, and how many a user may have.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::live::Live;
use crate::shim::Mutex;
use crate::table::is_too_large;
use crate::{ClientId, UserId};

const SHARDS: usize = 64;

/// The sessions that a node holds, by user of a client.
#[derive(Debug)]
pub(crate) struct Users {
    shards: Box<[Mutex<Shard>]>,
    hasher: ahash::RandomState,
}

#[derive(Debug, Default)]
struct Shard {
    sessions: HashTable<Sessions>,
    /// Logins under way that have a place.
    claims: HashTable<(Key, usize)>,
}

type Key = (ClientId, UserId);

impl Shard {
    fn release(&mut self, hash: u64, key: &Key) {
        if let Ok(mut entry) = self.claims.find_entry(hash, |(other, _)| other == key) {
            let (_, claims) = entry.get_mut();
            *claims = claims.saturating_sub(1);
            if *claims == 0 {
                entry.remove();
            }
        }
        if self.claims.is_empty() {
            self.claims = HashTable::new();
        }
    }
}

/// The sessions of one user. Most have one, which takes no heap.
#[derive(Debug)]
enum Sessions {
    One(Arc<Live>),
    // INVARIANT: never empty.
    Many(Vec<Arc<Live>>),
}

impl Sessions {
    fn all(&self) -> &[Arc<Live>] {
        match self {
            Sessions::One(live) => core::slice::from_ref(live),
            Sessions::Many(lives) => lives,
        }
    }

    fn is_of(&self, key: &Key) -> bool {
        self.all().first().is_some_and(|live| key_of(live) == *key)
    }
}

fn key_of(live: &Live) -> Key {
    (live.record.client, live.record.user)
}

impl Users {
    pub(crate) fn new() -> Self {
        Users {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::default())).collect(),
            hasher: ahash::RandomState::new(),
        }
    }

    fn place(&self, key: &Key) -> (u64, Option<&Mutex<Shard>>) {
        let hash = self.hasher.hash_one(key);
        let [.., shard, _] = hash.to_le_bytes();
        (hash, self.shards.get(usize::from(shard) % SHARDS))
    }

    fn rehash(&self) -> impl Fn(&Sessions) -> u64 {
        |sessions| sessions.all().first().map_or(0, |live| self.hasher.hash_one(key_of(live)))
    }

    /// Adds a session. If its place was claimed, it is now the session's.
    pub(crate) fn add(&self, live: &Arc<Live>, claimed: bool) {
        let key = key_of(live);
        let (hash, Some(shard)) = self.place(&key) else { return };
        let mut shard = shard.lock();
        if claimed {
            shard.release(hash, &key);
        }
        match shard.sessions.entry(hash, |sessions| sessions.is_of(&key), self.rehash()) {
            Entry::Vacant(entry) => {
                entry.insert(Sessions::One(Arc::clone(live)));
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Sessions::Many(lives) => lives.push(Arc::clone(live)),
                one => *one = Sessions::Many(one.all().iter().chain([live]).map(Arc::clone).collect()),
            },
        }
    }

    pub(crate) fn remove(&self, live: &Arc<Live>) {
        let key = key_of(live);
        let (hash, Some(shard)) = self.place(&key) else { return };
        let mut shard = shard.lock();
        let Ok(mut entry) = shard.sessions.find_entry(hash, |sessions| sessions.is_of(&key)) else { return };
        let left = match entry.get_mut() {
            Sessions::One(one) => usize::from(!Arc::ptr_eq(one, live)),
            Sessions::Many(lives) => {
                if let Some(place) = lives.iter().position(|other| Arc::ptr_eq(other, live)) {
                    lives.swap_remove(place);
                }
                if lives.len() < lives.capacity() / 4 {
                    lives.shrink_to_fit();
                }
                lives.len()
            }
        };
        match left {
            0 => drop(entry.remove()),
            1 => {
                if let [one] = entry.get().all() {
                    let one = Arc::clone(one);
                    *entry.get_mut() = Sessions::One(one);
                }
            }
            _ => {}
        }
        if is_too_large(&shard.sessions) {
            shard.sessions.shrink_to_fit(self.rehash());
        }
    }

    /// The sessions of a user, oldest first.
    pub(crate) fn of(&self, client: ClientId, user: UserId) -> Vec<Arc<Live>> {
        let key = (client, user);
        let (hash, Some(shard)) = self.place(&key) else { return Vec::new() };
        let shard = shard.lock();
        let sessions = shard.sessions.find(hash, |sessions| sessions.is_of(&key));
        let mut lives = sessions.map_or_else(Vec::new, |sessions| sessions.all().to_vec());
        lives.sort_by_key(|live| live.began);
        lives
    }

    /// Takes a place for one more session of a user, unless `limit` places are taken.
    pub(crate) fn claim(&self, client: ClientId, user: UserId, limit: usize) -> bool {
        let key = (client, user);
        let (hash, Some(shard)) = self.place(&key) else { return false };
        let mut shard = shard.lock();
        let sessions = shard.sessions.find(hash, |sessions| sessions.is_of(&key));
        let held = sessions.map_or(0, |sessions| sessions.all().len());
        let hasher = |(key, _): &(Key, usize)| self.hasher.hash_one(key);
        match shard.claims.entry(hash, |(other, _)| *other == key, hasher) {
            Entry::Occupied(mut entry) => {
                let (_, claims) = entry.get_mut();
                let free = held + *claims < limit;
                *claims += usize::from(free);
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
        let (hash, Some(shard)) = self.place(&key) else { return };
        shard.lock().release(hash, &key);
    }

    pub(crate) fn footprint(&self) -> usize {
        let shards = self.shards.iter().map(|shard| {
            let shard = shard.lock();
            let many = |sessions: &Sessions| match sessions {
                Sessions::One(_) => 0,
                Sessions::Many(lives) => lives.capacity() * size_of::<Arc<Live>>(),
            };
            shard.sessions.allocation_size()
                + shard.claims.allocation_size()
                + shard.sessions.iter().map(many).sum::<usize>()
        });
        shards.sum::<usize>() + size_of_val::<[Mutex<Shard>]>(&self.shards)
    }
}
