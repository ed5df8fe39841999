//! `RecordCache`: records that were read a moment ago.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use hashlink::LinkedHashMap;
use model_metadata::{Clock, Scope, SystemClock};
use parking_lot::Mutex;

use super::entry::{Entry, Key, Place};
use super::usage::Usage;
use crate::Record;
use crate::stats::RecordStats;

/// How many habits (of a principal with a model) are remembered.
const HABITS: usize = 256;

/// How long records are kept, and how much room they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPolicy {
    /// How old a record may be at most, even for a caller who would accept an older one: 5 seconds. With zero, no record is
    /// kept.
    pub time_to_live: Duration,
    /// The bytes that all records may take: 8 MiB.
    pub max_bytes: usize,
    /// For how long nothing is kept after a change of which nobody knows whether Odoo is still making it: 60 seconds.
    pub doubt: Duration,
    /// Are fields that are asked for most of the time read ahead? They are.
    pub read_ahead: bool,
}

impl Default for RecordPolicy {
    fn default() -> Self {
        RecordPolicy {
            time_to_live: Duration::from_secs(5),
            max_bytes: 8 << 20,
            doubt: Duration::from_secs(60),
            read_ahead: true,
        }
    }
}

/// Records that were read a moment ago, each for the principal that read it.
///
/// One cache serves all clients of a process, so that whatever one of them changes is forgotten for all: a change, or the
/// call of a method that may change something, empties the cache for its database, and nothing is kept while it is under
/// way. A read that began before a change ended is never kept.
#[derive(Debug)]
pub struct RecordCache {
    policy: RecordPolicy,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order of reading, the oldest first.
    entries: LinkedHashMap<Key, Entry, ahash::RandomState>,
    habits: LinkedHashMap<(Scope, Arc<str>), Usage, ahash::RandomState>,
    databases: HashMap<Arc<str>, Database, ahash::RandomState>,
    bytes: usize,
    stats: RecordStats,
}

/// What is known of changes in a database.
#[derive(Clone, Copy, Debug, Default)]
struct Database {
    epoch: u64,
    writing: u64,
    doubtful_until: Duration,
}

/// A moment before a read: what is read is kept only if nothing was changed since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    epoch: u64,
    asked_at: Duration,
}

/// A change that is under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Writing {
    cache: Arc<RecordCache>,
    database: Arc<str>,
    in_doubt: bool,
}

impl RecordCache {
    /// An empty cache on the process's clock.
    #[must_use]
    pub fn new(policy: RecordPolicy) -> Arc<Self> {
        Self::with_clock(policy, Arc::new(SystemClock::new()))
    }

    /// An empty cache on a clock of the caller's.
    #[must_use]
    pub fn with_clock(policy: RecordPolicy, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(RecordCache { policy, clock, state: Mutex::default() })
    }

    /// What has been counted, and what is held now.
    #[must_use]
    pub fn stats(&self) -> RecordStats {
        let state = self.state.lock();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        RecordStats { entries: count(state.entries.len()), bytes: count(state.bytes), ..state.stats }
    }

    /// Begins a change: empties the cache for the database, and keeps it empty until the change ends.
    pub(crate) fn writing(self: &Arc<Self>, database: &Arc<str>) -> Writing {
        self.state.lock().empty(database, |database| database.writing += 1);
        Writing { cache: Arc::clone(self), database: Arc::clone(database), in_doubt: true }
    }

    /// Notes a request, and says which fields are asked for so often that they should be read with it.
    pub(super) fn note(&self, place: &Place, fields: &[String]) -> Vec<String> {
        if !self.policy.read_ahead || self.keeps_nothing() {
            return Vec::new();
        }
        let mut state = self.state.lock();
        let usage = state.usage(place);
        usage.note(fields);
        usage.frequent().filter(|name| fields.iter().all(|field| field != name)).map(str::to_owned).collect()
    }

    /// The records, in the order of the ids, if all their fields are known and no older than that.
    pub(super) fn get(
        &self,
        place: &Place,
        ids: &[i64],
        fields: &[String],
        max_age: Duration,
    ) -> Option<Vec<Record>> {
        // At the end of its time to live a record is given no more.
        let age = max_age.min(self.policy.time_to_live.saturating_sub(Duration::from_nanos(1)));
        let not_before = self.clock.now().saturating_sub(age);
        let mut state = self.state.lock();
        let key = |id: i64| Key { place: place.clone(), id };
        let records: Option<Vec<Record>> =
            ids.iter().map(|id| state.entries.get(&key(*id))?.fields(*id, fields, not_before)).collect();
        match &records {
            None => state.stats.misses += 1,
            Some(_) => {
                state.stats.hits += 1;
                let entries = &mut state.entries;
                let used =
                    ids.iter().map(|id| entries.get_mut(&key(*id)).map_or(0, |it| it.use_ahead(fields)));
                let used = used.sum();
                state.settle(place, used, 0);
            }
        }
        records
    }

    fn keeps_nothing(&self) -> bool {
        self.policy.time_to_live.is_zero()
    }

    /// The moment before a read.
    pub(super) fn moment(&self, scope: &Scope) -> Moment {
        let asked_at = self.clock.now();
        let state = self.state.lock();
        let database = state.databases.get(scope.principal().database());
        Moment { epoch: database.map_or(0, |database| database.epoch), asked_at }
    }

    /// Keeps what was read since a moment, unless something was changed, or may have been.
    pub(super) fn keep(&self, place: &Place, moment: Moment, records: &[Record], asked: &[String]) {
        if self.keeps_nothing() {
            return;
        }
        let now = self.clock.now();
        let mut state = self.state.lock();
        let database = state.databases.get(place.scope.principal().database()).copied().unwrap_or_default();
        if database.epoch != moment.epoch || database.writing > 0 || now < database.doubtful_until {
            state.stats.overtaken += 1;
            return;
        }
        for record in records {
            if let Some(id) = record.get("id").and_then(serde_json::Value::as_i64) {
                state.add(Key { place: place.clone(), id }, record, asked, moment.asked_at);
            }
        }
        while let Some((_, oldest)) = state.entries.front() {
            let expired = now >= oldest.asked_at().saturating_add(self.policy.time_to_live);
            if !expired && state.bytes <= self.policy.max_bytes {
                break;
            }
            state.remove_oldest();
        }
    }
}

impl Writing {
    /// Says that the change has ended: Odoo has answered, or was never asked.
    pub(crate) fn ended(&mut self) {
        self.in_doubt = false;
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let doubtful_until = if self.in_doubt {
            self.cache.clock.now().saturating_add(self.cache.policy.doubt)
        } else {
            Duration::ZERO
        };
        self.cache.state.lock().empty(&self.database, |database| {
            database.writing = database.writing.saturating_sub(1);
            database.doubtful_until = database.doubtful_until.max(doubtful_until);
        });
    }
}

impl State {
    fn usage(&mut self, place: &Place) -> &mut Usage {
        let name = (place.scope.clone(), Arc::clone(&place.model));
        if !self.habits.contains_key(&name) && self.habits.len() >= HABITS {
            self.habits.pop_front();
        }
        self.habits.to_back(&name);
        self.habits.entry(name).or_insert_with(Usage::default)
    }

    /// Counts what became of fields that were read ahead.
    fn settle(&mut self, place: &Place, useful: u64, wasted: u64) {
        if useful + wasted > 0 {
            self.stats.ahead_useful += useful;
            self.stats.ahead_wasted += wasted;
            let paused = self.usage(place).settle(useful, wasted);
            self.stats.ahead_paused += u64::from(paused);
        }
    }

    fn add(&mut self, key: Key, record: &Record, asked: &[String], asked_at: Duration) {
        let mut entry = match self.entries.remove(&key) {
            Some(known) => {
                self.bytes = self.bytes.saturating_sub(known.bytes(&key));
                known
            }
            None => Entry::default(),
        };
        let added = entry.add(record, asked, asked_at);
        self.bytes += entry.bytes(&key);
        self.stats.ahead_read += added.ahead;
        let place = key.place.clone();
        self.entries.insert(key, entry);
        self.settle(&place, 0, added.wasted);
    }

    fn remove_oldest(&mut self) {
        if let Some((key, entry)) = self.entries.pop_front() {
            self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
            self.settle(&key.place, 0, entry.unused());
        }
    }

    /// Forgets the records of a database, and those that are being read.
    fn empty(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Database)) {
        let database = self.databases.entry(Arc::clone(name)).or_default();
        database.epoch += 1;
        change(database);
        let concerned = |key: &Key| key.place.scope.principal().database() == &**name;
        let gone: Vec<Key> = self.entries.keys().filter(|key| concerned(key)).cloned().collect();
        self.stats.emptied += u64::from(!gone.is_empty());
        for key in gone {
            if let Some(entry) = self.entries.remove(&key) {
                self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
                self.settle(&key.place, 0, entry.unused());
            }
        }
    }
}
