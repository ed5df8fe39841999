//! `State`: the records that are held, what is usually asked for, and what is being changed.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use hashlink::LinkedHashMap;
use model_metadata::CacheScope;

use super::entry::{CachedRecord, ModelContext, RecordKey};
use super::policy::RecordPolicy;
use super::usage::Usage;
use crate::Record;
use crate::stats::RecordStats;

/// How many habits (of a principal with a model) are remembered.
const HABITS: usize = 256;

#[derive(Debug, Default)]
pub(super) struct State {
    /// In the order of reading, the oldest first.
    entries: LinkedHashMap<RecordKey, CachedRecord, ahash::RandomState>,
    habits: LinkedHashMap<(CacheScope, Arc<str>), Usage, ahash::RandomState>,
    databases: HashMap<Arc<str>, DatabaseState, ahash::RandomState>,
    bytes: usize,
    stats: RecordStats,
}

/// What is known of changes in a database.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DatabaseState {
    epoch: u64,
    pub(super) writing: u64,
    pub(super) doubtful_until: Duration,
}

/// A moment before a read: what is read is kept only if nothing was changed since.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadStart {
    epoch: u64,
    asked_at: Duration,
}

impl State {
    pub(super) fn stats(&self) -> RecordStats {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        RecordStats { entries: count(self.entries.len()), bytes: count(self.bytes), ..self.stats }
    }

    /// Notes a request, and says which other fields are asked for most of the time.
    pub(super) fn note(&mut self, place: &ModelContext, fields: &[String]) -> Vec<String> {
        let usage = self.usage(place);
        usage.note(fields);
        usage.frequent().filter(|name| fields.iter().all(|field| field != name)).map(str::to_owned).collect()
    }

    /// The records, in the order of the ids, if all their fields are known and were asked for at that time or
    /// later.
    pub(super) fn get(
        &mut self,
        place: &ModelContext,
        ids: &[i64],
        fields: &[String],
        not_before: Duration,
    ) -> Option<Vec<Record>> {
        let key = |id: i64| RecordKey { place: place.clone(), id };
        let records: Option<Vec<Record>> =
            ids.iter().map(|id| self.entries.get(&key(*id))?.fields(*id, fields, not_before)).collect();
        match &records {
            None => self.stats.misses += 1,
            Some(_) => {
                self.stats.hits += 1;
                let entries = &mut self.entries;
                let used =
                    ids.iter().map(|id| entries.get_mut(&key(*id)).map_or(0, |it| it.use_ahead(fields)));
                let used = used.sum();
                self.settle(place, used, 0);
            }
        }
        records
    }

    /// The moment before a read that begins now.
    pub(super) fn moment(&self, scope: &CacheScope, asked_at: Duration) -> ReadStart {
        let database = self.databases.get(scope.user().database());
        ReadStart { epoch: database.map_or(0, |database| database.epoch), asked_at }
    }

    /// Keeps what was read since a moment, unless something was changed, or may have been.
    pub(super) fn keep(
        &mut self,
        place: &ModelContext,
        moment: ReadStart,
        records: &[Record],
        asked: &[String],
        now: Duration,
        policy: &RecordPolicy,
    ) {
        let database = self.databases.get(place.scope.user().database()).copied().unwrap_or_default();
        if database.epoch != moment.epoch || database.writing > 0 || now < database.doubtful_until {
            self.stats.overtaken += 1;
            return;
        }
        for record in records {
            if let Some(id) = record.get("id").and_then(serde_json::Value::as_i64) {
                self.add(RecordKey { place: place.clone(), id }, record, asked, moment.asked_at);
            }
        }
        while let Some((_, oldest)) = self.entries.front() {
            let expired = now >= oldest.asked_at().saturating_add(policy.time_to_live);
            if !expired && self.bytes <= policy.max_bytes {
                break;
            }
            self.remove_oldest();
        }
    }

    fn usage(&mut self, place: &ModelContext) -> &mut Usage {
        let name = (place.scope.clone(), Arc::clone(&place.model));
        if !self.habits.contains_key(&name) && self.habits.len() >= HABITS {
            self.habits.pop_front();
        }
        self.habits.to_back(&name);
        self.habits.entry(name).or_insert_with(Usage::default)
    }

    /// Counts what became of fields that were read ahead.
    fn settle(&mut self, place: &ModelContext, useful: u64, wasted: u64) {
        if useful + wasted > 0 {
            self.stats.ahead_useful += useful;
            self.stats.ahead_wasted += wasted;
            let paused = self.usage(place).settle(useful, wasted);
            self.stats.ahead_paused += u64::from(paused);
        }
    }

    fn add(&mut self, key: RecordKey, record: &Record, asked: &[String], asked_at: Duration) {
        let mut entry = match self.entries.remove(&key) {
            Some(known) => {
                self.bytes = self.bytes.saturating_sub(known.bytes(&key));
                known
            }
            None => CachedRecord::default(),
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

    /// InvalidateOnDrop the records of a database, and those that are being read.
    pub(super) fn empty(&mut self, name: &Arc<str>, change: impl FnOnce(&mut DatabaseState)) {
        let database = self.databases.entry(Arc::clone(name)).or_default();
        database.epoch += 1;
        change(database);
        let concerned = |key: &RecordKey| key.place.scope.user().database() == &**name;
        let gone: Vec<RecordKey> = self.entries.keys().filter(|key| concerned(key)).cloned().collect();
        self.stats.emptied += u64::from(!gone.is_empty());
        for key in gone {
            if let Some(entry) = self.entries.remove(&key) {
                self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
                self.settle(&key.place, 0, entry.unused());
            }
        }
    }
}
