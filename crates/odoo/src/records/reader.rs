//! `CachedReader`: reads records from the cache or from Odoo.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheScope, MetadataCache};
use serde_json::Value;

use super::entry::ModelContext;
use crate::read::cost::{may_be_prefetched, union};
use crate::stats::ReadStats;
use crate::{OdooClient, OdooError, Read, Reader, Record};

/// Maximum values that a read may prefetch (records times fields).
const MAX_PREFETCHED: usize = 64;

/// Reads records as one user. Callers that accept records of a bounded age are served from the cache.
///
/// For such callers the reader prefetches fields that more than half of the recent requests had, if they are
/// stored and small. Callers get exactly the fields that they requested. Prefetch pauses if most prefetched
/// values are not used.
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
    /// [`OdooError`], the same as without batching and caching.
    pub async fn read(&self, read: Read) -> Result<Vec<Record>, OdooError> {
        let Some(model_context) = self.model_context(&read) else { return self.reader.read(read).await };
        let records = self.client.records();
        let start = records.begin_read(&model_context.scope);
        let rows = self.reader.read(read.clone()).await?;
        records.insert(&model_context, start, &rows, read.fields());
        Ok(rows)
    }

    /// Reads records that are not older than `max_age`, from the cache if it has all requested fields, else
    /// from Odoo.
    ///
    /// # Errors
    /// [`OdooError`], the same as without batching and caching.
    pub async fn read_recent(&self, read: Read, max_age: Duration) -> Result<Vec<Record>, OdooError> {
        let Some(model_context) = self.model_context(&read) else { return self.reader.read(read).await };
        let records = self.client.records();
        let frequent = records.record_request(&model_context, read.fields());
        if let Some(cached) = records.get(&model_context, read.ids(), read.fields(), max_age) {
            return Ok(cached);
        }
        let prefetch = self.fields_to_prefetch(&model_context.scope, &read, frequent);
        if prefetch.is_empty() {
            return self.read(read).await;
        }
        let start = records.begin_read(&model_context.scope);
        let extended = read.with_fields(union(read.fields(), &prefetch));
        match self.reader.read(extended).await {
            Ok(mut rows) => {
                records.insert(&model_context, start, &rows, read.fields());
                let is_requested = |name: &String| name == "id" || read.fields().binary_search(name).is_ok();
                rows.iter_mut().for_each(|row| row.retain(|name, _| is_requested(name)));
                Ok(rows)
            }
            // The error may be due to a prefetched field.
            Err(_) => self.read(read).await,
        }
    }

    /// The counters of the reader.
    #[must_use]
    pub fn stats(&self) -> ReadStats {
        self.reader.stats()
    }

    /// The cache key of a read. `None` for reads that are not cached: before the login, of all fields (their
    /// number is unknown), or of no records (only Odoo can refuse those).
    fn model_context(&self, read: &Read) -> Option<ModelContext> {
        let scope = self.client.known_scope()?;
        let context = Value::from(read.context().clone()).to_string();
        let is_cacheable = !read.fields().is_empty() && !read.ids().is_empty();
        is_cacheable.then(|| ModelContext { scope, model: read.model().into(), context: context.into() })
    }

    /// The frequently requested fields that may be prefetched, within the limit.
    fn fields_to_prefetch(&self, scope: &CacheScope, read: &Read, frequent: Vec<String>) -> Vec<String> {
        let Some(definitions) = self.metadata.known_fields(scope, read.model()) else { return Vec::new() };
        let per_record = MAX_PREFETCHED / read.ids().len().max(1);
        let allowed =
            |name: &String| definitions.get(name).is_some_and(|definition| may_be_prefetched(&definition));
        frequent.into_iter().filter(allowed).take(per_record).collect()
    }
}
