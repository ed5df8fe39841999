//! `MemoryStore`: sessions that live as long as the process.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use hashbrown::{HashMap, HashTable};
use org_structure::Fingerprint;

use crate::cached_session::CachedSession;
use crate::moment::Moment;
use crate::pinned::SharedParts;
use crate::sharded::{SHARDS, Sharded};
use crate::spare_capacity::is_too_large;
use crate::store::{Contents, CreateOutcome, LastUse, NewSession};
use crate::{AccessHash, PortError, Scope, SessionId, SessionStore, StoredSession};
use platform::sync::{AtomicUsize, Mutex, Ordering, RwLock};
use platform::{Clock, SystemClock};

/// Stores the sessions of one process in memory. They end with the process.
///
/// # Memory
/// 29 to 57 bytes a session, depending on the load of the table, and the canonical bytes of each distinct
/// tree and access. The store shares its sessions with the manager, and so keeps their trees and accesses in
/// memory.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    shared: bool,
    shards: Sharded<RwLock<HashTable<Row>>>,
    // Lock order: `contents`, then a shard or a table of `parts`.
    contents: Mutex<ContentTable>,
    /// Shared parts of the sessions that were stored without a manager.
    parts: SharedParts,
    /// Where the last sweep stopped.
    next_shard: AtomicUsize,
}

struct Row {
    session: Arc<CachedSession>,
    began: Moment,
    seen: Moment,
}

#[derive(Debug, Default)]
struct ContentTable {
    trees: HashMap<Fingerprint, Content, ahash::RandomState>,
    accesses: HashMap<AccessHash, Content, ahash::RandomState>,
}

/// Canonical bytes, and how many sessions refer to them.
#[derive(Debug)]
struct Content {
    bytes: Box<[u8]>,
    sessions: usize,
    unused_since: Moment,
}

/// Shows the number of sessions, not the sessions.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions: usize = self.shards.iter().map(|shard| shard.read().len()).sum();
        f.debug_struct("MemoryStore").field("sessions", &sessions).finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::default()))
    }
}

impl MemoryStore {
    /// A store with a clock of its own.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        MemoryStore {
            clock,
            shared: false,
            shards: Sharded::default(),
            contents: Mutex::new(ContentTable::default()),
            parts: SharedParts::default(),
            next_shard: AtomicUsize::new(0),
        }
    }

    /// A store that several managers of one process share as if they were nodes.
    #[must_use]
    pub fn shared(clock: Arc<dyn Clock>) -> Self {
        MemoryStore { shared: true, ..Self::new(clock) }
    }

    /// The heap bytes, exactly, without the sessions, which belong to the manager as well.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let contents = self.contents.lock();
        let bytes =
            contents.trees.values().chain(contents.accesses.values()).map(|content| content.bytes.len());
        bytes.sum::<usize>()
            + contents.trees.allocation_size()
            + contents.accesses.allocation_size()
            + self.shards.footprint()
            + self.shards.iter().map(|shard| shard.read().allocation_size()).sum::<usize>()
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    fn shard(&self, id: &SessionId) -> &RwLock<HashTable<Row>> {
        let [.., last] = id.as_bytes();
        self.shards.at(usize::from(*last))
    }

    fn take(&self, id: &SessionId, is_it: impl Fn(&Row) -> bool) -> bool {
        let taken = {
            let mut rows = self.shard(id).write();
            let Ok(entry) = rows.find_entry(id.hash(), |row| row.session.id == *id) else { return false };
            if !is_it(entry.get()) {
                return false;
            }
            let (row, _) = entry.remove();
            if is_too_large(rows.capacity(), rows.len()) {
                rows.shrink_to_fit(|row| row.session.id.hash());
            }
            row
        };
        self.contents.lock().release(&taken.session, self.now());
        true
    }

    fn select(&self, shard: &RwLock<HashTable<Row>>, is_it: impl Fn(&Row) -> bool) -> Vec<SessionId> {
        shard.read().iter().filter(|row| is_it(row)).map(|row| row.session.id).collect()
    }

    /// The session of a caller that is not a manager and passes only a record.
    fn make_session(&self, new: &NewSession<'_>, now: Moment) -> Arc<CachedSession> {
        let (tree, _) = self.parts.pin_tree(new.record.tree, || new.tree.clone());
        let access = self.parts.pin_access(new.record.access, tree, || new.access.clone());
        let role = self.parts.pin_role(new.record, &access);
        Arc::new(CachedSession::new(new.record, role, now, now, now))
    }

    fn to_stored(&self, row: &Row) -> StoredSession {
        let now = self.now();
        StoredSession {
            record: row.session.to_record(),
            age: now.since(row.began),
            idle: now.since(row.seen),
        }
    }
}

impl ContentTable {
    fn refer(&mut self, new: &NewSession<'_>, now: Moment) {
        let content = |bytes: Vec<u8>| Content { bytes: bytes.into(), sessions: 0, unused_since: now };
        let tree = self.trees.entry(new.record.tree).or_insert_with(|| content(new.tree_bytes()));
        tree.sessions += 1;
        let access = self.accesses.entry(new.record.access).or_insert_with(|| content(new.access_bytes()));
        access.sessions += 1;
    }

    fn release(&mut self, session: &CachedSession, now: Moment) {
        let access = session.access();
        let tree = self.trees.get_mut(&access.tree.fingerprint);
        for content in tree.into_iter().chain(self.accesses.get_mut(&access.hash)) {
            content.sessions = content.sessions.saturating_sub(1);
            content.unused_since = now;
        }
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    fn is_shared(&self) -> bool {
        self.shared
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError> {
        let now = self.now();
        let session = new.live.map_or_else(|| self.make_session(new, now), Arc::clone);
        // Reference the contents first, so that a concurrent collection finds them in use.
        self.contents.lock().refer(new, now);
        if new.replaces.is_some_and(|old| !self.take(&old, |_| true)) {
            self.contents.lock().release(&session, now);
            return Ok(CreateOutcome::ReplacedIsGone);
        }
        let row = Row { session, began: now, seen: now };
        let mut rows = self.shard(&new.record.id).write();
        rows.insert_unique(new.record.id.hash(), row, |row| row.session.id.hash());
        Ok(CreateOutcome::Done)
    }

    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        let rows = self.shard(id).read();
        Ok(rows.find(id.hash(), |row| row.session.id == *id).map(|row| self.to_stored(row)))
    }

    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        let contents = self.contents.lock();
        let tree = tree.and_then(|tree| contents.trees.get(tree));
        let access = access.and_then(|access| contents.accesses.get(access));
        let bytes = |content: &Content| content.bytes.to_vec();
        Ok(Contents { tree: tree.map(bytes), access: access.map(bytes) })
    }

    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError> {
        let now = self.now();
        for LastUse { id, ago } in seen {
            if let Some(row) = self.shard(id).write().find_mut(id.hash(), |row| row.session.id == *id) {
                row.seen = row.seen.max(now.before(*ago));
            }
        }
        Ok(())
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        let now = self.now();
        let is_single = matches!(scope, Scope::Session(_));
        let began_before = |row: &Row| is_single || row.began > now || now.since(row.began) >= ago;
        let is_meant = |row: &Row| row.session.is_in(scope) && began_before(row);
        let ids = match scope {
            Scope::Session(id) => vec![*id],
            _ => self.shards.iter().flat_map(|shard| self.select(shard, is_meant)).collect(),
        };
        Ok(ids.iter().map(|id| u64::from(self.take(id, is_meant))).sum())
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        let is_there =
            |id: &SessionId| self.shard(id).read().find(id.hash(), |row| row.session.id == *id).is_some();
        Ok(ids.iter().copied().filter(|id| !is_there(id)).collect())
    }

    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError> {
        let now = self.now();
        let is_over = |row: &Row| {
            let lifetime = row.session.lifetime;
            now.since(row.began) > lifetime.absolute()
                || now.since(row.seen) > lifetime.idle().saturating_add(allowance)
        };
        let mut swept = 0;
        for _ in 0..SHARDS {
            let shard = self.shards.at(self.next_shard.fetch_add(1, Ordering::Relaxed));
            for id in self.select(shard, is_over) {
                if swept == limit {
                    return Ok(u64::try_from(swept).unwrap_or(u64::MAX));
                }
                // A session that was used in the meantime stays.
                swept += usize::from(self.take(&id, is_over));
            }
        }
        Ok(u64::try_from(swept).unwrap_or(u64::MAX))
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        let now = self.now();
        let mut contents = self.contents.lock();
        let mut collected = 0;
        let mut stays = |content: &Content| {
            let goes = collected < limit && content.sessions == 0 && now.since(content.unused_since) >= grace;
            collected += usize::from(goes);
            !goes
        };
        contents.trees.retain(|_, content| stays(content));
        contents.accesses.retain(|_, content| stays(content));
        self.parts.prune();
        contents.trees.shrink_to_fit();
        contents.accesses.shrink_to_fit();
        Ok(u64::try_from(collected).unwrap_or(u64::MAX))
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        let is_next =
            |row: &Row| row.session.is_in(scope) && after.is_none_or(|after| row.session.id > *after);
        let mut ids: Vec<SessionId> =
            self.shards.iter().flat_map(|shard| self.select(shard, is_next)).collect();
        ids.sort_unstable();
        ids.truncate(limit);
        let mut found = Vec::with_capacity(ids.len());
        for id in &ids {
            found.extend(self.open(id).await?);
        }
        Ok(found)
    }
}
