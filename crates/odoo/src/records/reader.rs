//! `CachedReader`: reads records, from the cache for callers that accept it.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheScope, MetadataCache};
use serde_json::Value;

use super::entry::ModelContext;
use crate::read::cost::{may_be_read_ahead, union};
use crate::stats::ReadStats;
use crate::{OdooClient, OdooError, Read, Reader, Record};

/// How many cells (records times fields) a read may prefetch.
const CELLS_AHEAD: usize = 64;

/// Reads records as one user, from the cache for callers that accept records of a bounded age.
///
/// For such callers it prefetches fields that more than half of the recent requests asked for, if they are
/// stored and small. Callers get exactly the fields that they asked for. Prefetch pauses if it wastes more
/// than it serves.
#[derive(Clone, Debug)]
pub struct CachedReader {
    reader: Reader,
    client: OdooClient,
    metadata: Arc<MetadataCache<OdooError>>,
}

impl CachedReader {
    /// A reader for the client's user, over the client's record cache.
    #[must_use]
    pub fn new(client: OdooClient, metadata: Arc<MetadataCache<OdooError>>) -> Self {
        let reader = Reader::new(client.clone(), Arc::clone(&metadata));
        CachedReader { reader, client, metadata }
    }

    /// Reads records from Odoo, and caches them.
    ///
    /// # Errors
    /// [`OdooError`], the one that this read would have met alone.
    pub async fn read(&self, read: Read) -> Result<Vec<Record>, OdooError> {
        let Some(place) = self.place(&read) else { return self.reader.read(read).await };
        let records = self.client.records();
        let moment = records.moment(&place.scope);
        let rows = self.reader.read(read.clone()).await?;
        records.keep(&place, moment, &rows, read.fields());
        Ok(rows)
    }

    /// Reads records that are no older than `max_age`: from the cache if it has all that is asked for, else
    /// from Odoo.
    ///
    /// # Errors
    /// [`OdooError`], the one that this read would have met alone.
    pub async fn read_recent(&self, read: Read, max_age: Duration) -> Result<Vec<Record>, OdooError> {
        let Some(place) = self.place(&read) else { return self.reader.read(read).await };
        let records = self.client.records();
        let frequent = records.note(&place, read.fields());
        if let Some(known) = records.get(&place, read.ids(), read.fields(), max_age) {
            return Ok(known);
        }
        let ahead = self.ahead(&place.scope, &read, frequent);
        if ahead.is_empty() {
            return self.read(read).await;
        }
        let moment = records.moment(&place.scope);
        let more = read.of_fields(union(read.fields(), &ahead));
        match self.reader.read(more).await {
            Ok(mut rows) => {
                records.keep(&place, moment, &rows, read.fields());
                let asked = |name: &String| name == "id" || read.fields().binary_search(name).is_ok();
                rows.iter_mut().for_each(|row| row.retain(|name, _| asked(name)));
                Ok(rows)
            }
            // It may have failed for a field that was not asked for.
            Err(_) => self.read(read).await,
        }
    }

    /// What the reader has counted.
    #[must_use]
    pub fn stats(&self) -> ReadStats {
        self.reader.stats()
    }

    /// Where the cache keeps the answer. `None` for all fields, whose number is unknown, for no records,
    /// which only Odoo can refuse, and before the login.
    fn place(&self, read: &Read) -> Option<ModelContext> {
        let scope = self.client.known_scope()?;
        let context = Value::from(read.context().clone()).to_string();
        let names_all = !read.fields().is_empty() && !read.ids().is_empty();
        names_all.then(|| ModelContext { scope, model: read.model().into(), context: context.into() })
    }

    /// The frequently requested fields that may be prefetched, within the limit.
    fn ahead(&self, scope: &CacheScope, read: &Read, frequent: Vec<String>) -> Vec<String> {
        let Some(definitions) = self.metadata.known_fields(scope, read.model()) else { return Vec::new() };
        let each = CELLS_AHEAD / read.ids().len().max(1);
        let allowed =
            |name: &String| definitions.get(name).is_some_and(|definition| may_be_read_ahead(&definition));
        frequent.into_iter().filter(allowed).take(each).collect()
    }
}
