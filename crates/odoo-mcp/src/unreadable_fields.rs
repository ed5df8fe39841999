//! `UnreadableFields`: fields that a user may not read although their definitions are visible.

use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model_metadata::{CacheScope, FieldDefinitions};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Longest time that an entry is cached.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Maximum number of entries. A put into a full cache evicts all entries first.
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
    /// The cached unreadable fields of a model, or `None` if there is no valid entry.
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
            // Reloaded without a change: the next lookup only compares pointers.
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
