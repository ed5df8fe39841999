//! `State`: the cached records, usage statistics, and writes in flight.

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

/// Maximum number of usage statistics, one per principal and model.
const MAX_USAGES: usize = 256;

#[derive(Debug, Default)]
pub(super) struct State {
    /// In the order of insertion, the oldest first.
    entries: LinkedHashMap<RecordKey, CachedRecord, ahash::RandomState>,
    usages: LinkedHashMap<(CacheScope, Arc<str>), Usage, ahash::RandomState>,
    databases: HashMap<Arc<str>, DatabaseState, ahash::RandomState>,
    bytes: usize,
    stats: RecordStats,
}

/// The writes to a database.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DatabaseState {
    epoch: u64,
    /// Writes in flight.
    pub(super) writes: u64,
    /// Until then a write without an answer may still be carried out.
    pub(super) uncertain_until: Duration,
}

/// The start of a read. Its result is cached only if there was no write since.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadStart {
    epoch: u64,
    read_at: Duration,
}

impl State {
    pub(super) fn stats(&self) -> RecordStats {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        RecordStats { entries: count(self.entries.len()), bytes: count(self.bytes), ..self.stats }
    }

    /// Records a request, and returns other fields that most requests have.
    pub(super) fn record_request(&mut self, model_context: &ModelContext, fields: &[String]) -> Vec<String> {
        let usage = self.usage(model_context);
        usage.record_request(fields);
        usage.frequent().filter(|name| fields.iter().all(|field| field != name)).map(str::to_owned).collect()
    }

    /// The records, in the order of the ids, if all their fields are cached by a read that started at
    /// `not_before` or later.
    pub(super) fn get(
        &mut self,
        model_context: &ModelContext,
        ids: &[i64],
        fields: &[String],
        not_before: Duration,
    ) -> Option<Vec<Record>> {
        let key = |id: i64| RecordKey { model_context: model_context.clone(), id };
        let records: Option<Vec<Record>> =
            ids.iter().map(|id| self.entries.get(&key(*id))?.fields(*id, fields, not_before)).collect();
        match &records {
            None => self.stats.misses += 1,
            Some(_) => {
                self.stats.hits += 1;
                let entries = &mut self.entries;
                let used =
                    ids.iter().map(|id| entries.get_mut(&key(*id)).map_or(0, |it| it.mark_used(fields)));
                let used = used.sum();
                self.count_prefetched(model_context, used, 0);
            }
        }
        records
    }

    /// The start of a read at `read_at`.
    pub(super) fn begin_read(&self, scope: &CacheScope, read_at: Duration) -> ReadStart {
        let database = self.databases.get(scope.user().database());
        ReadStart { epoch: database.map_or(0, |database| database.epoch), read_at }
    }

    /// Caches the result of a read, unless there was, or may have been, a write since its start.
    pub(super) fn insert(
        &mut self,
        model_context: &ModelContext,
        start: ReadStart,
        records: &[Record],
        requested: &[String],
        now: Duration,
        policy: &RecordPolicy,
    ) {
        let database = self.databases.get(model_context.scope.user().database()).copied().unwrap_or_default();
        if database.epoch != start.epoch || database.writes > 0 || now < database.uncertain_until {
            self.stats.overtaken += 1;
            return;
        }
        for record in records {
            if let Some(id) = record.get("id").and_then(serde_json::Value::as_i64) {
                self.add(
                    RecordKey { model_context: model_context.clone(), id },
                    record,
                    requested,
                    start.read_at,
                );
            }
        }
        while let Some((_, oldest)) = self.entries.front() {
            let expired = now >= oldest.read_at().saturating_add(policy.time_to_live);
            if !expired && self.bytes <= policy.max_bytes {
                break;
            }
            self.remove_oldest();
        }
    }

    fn usage(&mut self, model_context: &ModelContext) -> &mut Usage {
        let name = (model_context.scope.clone(), Arc::clone(&model_context.model));
        if !self.usages.contains_key(&name) && self.usages.len() >= MAX_USAGES {
            self.usages.pop_front();
        }
        self.usages.to_back(&name);
        self.usages.entry(name).or_insert_with(Usage::default)
    }

    /// Counts prefetched values that were used, and values that were evicted unused.
    fn count_prefetched(&mut self, model_context: &ModelContext, useful: u64, wasted: u64) {
        if useful + wasted > 0 {
            self.stats.ahead_useful += useful;
            self.stats.ahead_wasted += wasted;
            let paused = self.usage(model_context).record_prefetch(useful, wasted);
            self.stats.ahead_paused += u64::from(paused);
        }
    }

    fn add(&mut self, key: RecordKey, record: &Record, requested: &[String], read_at: Duration) {
        let mut entry = match self.entries.remove(&key) {
            Some(entry) => {
                self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
                entry
            }
            None => CachedRecord::default(),
        };
        let counts = entry.add(record, requested, read_at);
        self.bytes += entry.bytes(&key);
        self.stats.ahead_read += counts.added;
        let model_context = key.model_context.clone();
        self.entries.insert(key, entry);
        self.count_prefetched(&model_context, 0, counts.wasted);
    }

    fn remove_oldest(&mut self) {
        if let Some((key, entry)) = self.entries.pop_front() {
            self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
            self.count_prefetched(&key.model_context, 0, entry.unused());
        }
    }

    /// Invalidates the cached records of a database, and reads in flight.
    pub(super) fn invalidate(&mut self, name: &Arc<str>, change: impl FnOnce(&mut DatabaseState)) {
        let database = self.databases.entry(Arc::clone(name)).or_default();
        database.epoch += 1;
        change(database);
        let is_affected = |key: &RecordKey| key.model_context.scope.user().database() == &**name;
        let keys: Vec<RecordKey> = self.entries.keys().filter(|key| is_affected(key)).cloned().collect();
        self.stats.emptied += u64::from(!keys.is_empty());
        for key in keys {
            if let Some(entry) = self.entries.remove(&key) {
                self.bytes = self.bytes.saturating_sub(entry.bytes(&key));
                self.count_prefetched(&key.model_context, 0, entry.unused());
            }
        }
    }
}
