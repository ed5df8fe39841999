//! `CachedRecord`: an entry of the record cache, and its key.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use model_metadata::CacheScope;
use serde_json::Value;

use crate::Record;

/// A model as read by a principal in a context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ModelContext {
    pub(super) scope: CacheScope,
    pub(super) model: Arc<str>,
    /// The context as JSON.
    pub(super) context: Arc<str>,
}

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RecordKey {
    pub(super) model_context: ModelContext,
    pub(super) id: i64,
}

/// The value of a field, as JSON.
#[derive(Debug)]
pub(super) struct CachedField {
    json: Box<str>,
    /// When the read started.
    pub(super) read_at: Duration,
    /// The value was prefetched and has not been used yet.
    pub(super) is_unused: bool,
}

/// The cached fields of a record.
#[derive(Debug, Default)]
pub(super) struct CachedRecord {
    cells: BTreeMap<Box<str>, CachedField>,
}

/// The numbers of prefetched values that an update of an entry added, and of those that it wasted.
pub(super) struct PrefetchCounts {
    pub(super) added: u64,
    pub(super) wasted: u64,
}

impl CachedRecord {
    /// The fields, if all of them are cached by a read that started at `not_before` or later.
    pub(super) fn fields(&self, id: i64, fields: &[String], not_before: Duration) -> Option<Record> {
        let mut record = Record::new();
        record.insert("id".into(), id.into());
        for name in fields.iter().filter(|name| *name != "id") {
            let cell = self.cells.get(name.as_str()).filter(|cell| cell.read_at >= not_before)?;
            record.insert(name.clone(), serde_json::from_str(&cell.json).ok()?);
        }
        Some(record)
    }

    /// Marks fields as used. Returns the number of prefetched values that are used for the first time.
    pub(super) fn mark_used(&mut self, fields: &[String]) -> u64 {
        let mut used = 0;
        for name in fields {
            if let Some(cell) = self.cells.get_mut(name.as_str()) {
                used += u64::from(core::mem::take(&mut cell.is_unused));
            }
        }
        used
    }

    /// Adds the fields of a record. Fields that are not in `requested` were prefetched.
    pub(super) fn add(&mut self, record: &Record, requested: &[String], read_at: Duration) -> PrefetchCounts {
        let mut counts = PrefetchCounts { added: 0, wasted: 0 };
        for (name, value) in record.iter().filter(|(name, _)| *name != "id") {
            let is_unused = requested.binary_search(name).is_err();
            let cell = CachedField { json: Value::to_string(value).into_boxed_str(), read_at, is_unused };
            let before = self.cells.insert(name.as_str().into(), cell);
            counts.added += u64::from(is_unused);
            counts.wasted += u64::from(before.is_some_and(|cell| cell.is_unused));
        }
        counts
    }

    /// The number of prefetched fields that have not been used.
    pub(super) fn unused(&self) -> u64 {
        self.cells.values().map(|cell| u64::from(cell.is_unused)).sum()
    }

    /// The start of the latest read of a field, from which the record expires.
    pub(super) fn read_at(&self) -> Duration {
        self.cells.values().map(|cell| cell.read_at).max().unwrap_or_default()
    }

    /// The bytes of an entry with its key. Data that keys share is counted for each key.
    pub(super) fn bytes(&self, key: &RecordKey) -> usize {
        const LINKS_AND_SLOTS: usize = 4 * size_of::<(usize, usize)>();
        /// A field with its name. Counts double, since half of a tree node may be empty.
        const CELL: usize = 2 * (size_of::<Box<str>>() + size_of::<CachedField>());
        let names = key.model_context.model.len() + key.model_context.context.len();
        let cells = self.cells.iter().map(|(name, cell)| name.len() + cell.json.len() + CELL);
        let fixed = size_of::<RecordKey>() + size_of::<CachedRecord>() + LINKS_AND_SLOTS + names;
        fixed + cells.sum::<usize>()
    }
}
