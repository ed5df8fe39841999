//! What the record cache keeps.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use model_metadata::CacheScope;
use serde_json::Value;

use crate::Record;

/// For whom a model is read, and in which context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ModelContext {
    pub(super) scope: CacheScope,
    pub(super) model: Arc<str>,
    /// The context as JSON.
    pub(super) context: Arc<str>,
}

/// The name of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RecordKey {
    pub(super) place: ModelContext,
    pub(super) id: i64,
}

/// The value of a field, as JSON.
#[derive(Debug)]
pub(super) struct CachedField {
    json: Box<str>,
    /// When it was asked for.
    pub(super) asked_at: Duration,
    /// It was prefetched and has not been used yet.
    pub(super) ahead: bool,
}

/// The fields of a record that are known.
#[derive(Debug, Default)]
pub(super) struct CachedRecord {
    cells: BTreeMap<Box<str>, CachedField>,
}

/// What an addition did to an entry.
pub(super) struct Addition {
    pub(super) ahead: u64,
    pub(super) wasted: u64,
}

impl CachedRecord {
    /// The fields if all of them are known and were asked for at that time or later.
    pub(super) fn fields(&self, id: i64, fields: &[String], not_before: Duration) -> Option<Record> {
        let mut record = Record::new();
        record.insert("id".into(), id.into());
        for name in fields.iter().filter(|name| *name != "id") {
            let cell = self.cells.get(name.as_str()).filter(|cell| cell.asked_at >= not_before)?;
            record.insert(name.clone(), serde_json::from_str(&cell.json).ok()?);
        }
        Some(record)
    }

    /// Counts the prefetched fields that are used now for the first time.
    pub(super) fn use_ahead(&mut self, fields: &[String]) -> u64 {
        let mut used = 0;
        for name in fields {
            if let Some(cell) = self.cells.get_mut(name.as_str()) {
                used += u64::from(core::mem::take(&mut cell.ahead));
            }
        }
        used
    }

    /// Takes in what was read; fields that `asked` does not have were prefetched.
    pub(super) fn add(&mut self, record: &Record, asked: &[String], asked_at: Duration) -> Addition {
        let mut added = Addition { ahead: 0, wasted: 0 };
        for (name, value) in record.iter().filter(|(name, _)| *name != "id") {
            let ahead = asked.binary_search(name).is_err();
            let cell = CachedField { json: Value::to_string(value).into_boxed_str(), asked_at, ahead };
            let before = self.cells.insert(name.as_str().into(), cell);
            added.ahead += u64::from(ahead);
            added.wasted += u64::from(before.is_some_and(|cell| cell.ahead));
        }
        added
    }

    /// How many prefetched fields are unused so far.
    pub(super) fn unused(&self) -> u64 {
        self.cells.values().map(|cell| u64::from(cell.ahead)).sum()
    }

    /// The youngest field's age counts for the record's.
    pub(super) fn asked_at(&self) -> Duration {
        self.cells.values().map(|cell| cell.asked_at).max().unwrap_or_default()
    }

    /// The bytes of an entry under its key. What keys share is counted in each.
    pub(super) fn bytes(&self, key: &RecordKey) -> usize {
        const LINKS_AND_SLOTS: usize = 4 * size_of::<(usize, usize)>();
        /// With its name, and its share of a tree node that is half empty.
        const CELL: usize = 2 * (size_of::<Box<str>>() + size_of::<CachedField>());
        let names = key.place.model.len() + key.place.context.len();
        let cells = self.cells.iter().map(|(name, cell)| name.len() + cell.json.len() + CELL);
        let own = size_of::<RecordKey>() + size_of::<CachedRecord>() + LINKS_AND_SLOTS + names;
        own + cells.sum::<usize>()
    }
}
