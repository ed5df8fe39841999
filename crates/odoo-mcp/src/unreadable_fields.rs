//! `UnreadableFields`: fields that a user may not read although their definitions are visible.

use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model_metadata::{CacheScope, FieldDefinitions};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Longest time that an entry is cached.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Most entries. If one more is put, all are evicted.
const CAPACITY: usize = 4_096;

/// A cache of unreadable fields by user and model.
#[derive(Default)]
pub(crate) struct UnreadableFields {
    entries: Mutex<HashMap<(CacheScope, String), Entry>>,
}

struct Entry {
    /// The definitions from which the fields were learned. Other definitions invalidate the entry.
    definitions: Arc<FieldDefinitions>,
    fields: Arc<BTreeSet<String>>,
    since: Instant,
}

impl UnreadableFields {
    /// The fields of a model that a user is known not to read, or `None` if no refusal taught any.
    pub(crate) fn get(
        &self,
        scope: &CacheScope,
        model: &str,
        definitions: &Arc<FieldDefinitions>,
    ) -> Option<Arc<BTreeSet<String>>> {
        let mut entries = self.entries.lock();
        let entry = entries
            .get_mut(&(scope.clone(), model.to_owned()))
            .filter(|entry| entry.since.elapsed() < LIFETIME)?;
        if !Arc::ptr_eq(&entry.definitions, definitions) {
            if entry.definitions != *definitions {
                return None;
            }
            // Reloaded without a change: the next look-up compares pointers alone.
            entry.definitions = Arc::clone(definitions);
        }
        Some(Arc::clone(&entry.fields))
    }

    pub(crate) fn put(
        &self,
        scope: CacheScope,
        model: &str,
        definitions: &Arc<FieldDefinitions>,
        fields: BTreeSet<String>,
    ) {
        let mut entries = self.entries.lock();
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        let (definitions, fields) = (Arc::clone(definitions), Arc::new(fields));
        let since = Instant::now();
        entries.insert((scope, model.to_owned()), Entry { definitions, fields, since });
    }
}
