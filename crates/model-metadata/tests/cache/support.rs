//! A server in memory that counts loads, shared by the tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use model_metadata::{
    CacheConfig, CacheScope, DatabaseUser, FieldDefinitions, ManualClock, MetadataCache, MetadataLoader,
    ModelList, Permissions,
};
use parking_lot::Mutex;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not answer")]
pub(crate) struct Unavailable;

/// Models with their definitions as JSON.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) models: Mutex<BTreeMap<String, String>>,
    /// A field that only one user sees.
    pub(crate) secret: Mutex<Option<(i64, String)>>,
    pub(crate) unavailable: AtomicBool,
    pub(crate) loads: AtomicUsize,
    pub(crate) permission_loads_running: AtomicUsize,
    pub(crate) permission_loads_at_once: AtomicUsize,
}

impl Server {
    pub(crate) fn with(models: &[(&str, String)]) -> Arc<Self> {
        let models = models.iter().map(|(name, json)| ((*name).to_owned(), json.clone())).collect();
        Arc::new(Server { models: Mutex::new(models), ..Server::default() })
    }

    pub(crate) fn set(&self, model: &str, json: &str) {
        self.models.lock().insert(model.to_owned(), json.to_owned());
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    fn answer(&self) -> Result<(), Unavailable> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if self.unavailable.load(Ordering::SeqCst) { Err(Unavailable) } else { Ok(()) }
    }
}

impl MetadataLoader for Server {
    type Error = Unavailable;

    async fn load_fields(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<FieldDefinitions>, Unavailable> {
        self.answer()?;
        tokio::task::yield_now().await;
        let Some(json) = self.models.lock().get(model).cloned() else { return Ok(None) };
        if let Some((user, field)) = &*self.secret.lock()
            && *user == scope.user().id()
        {
            let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
            fields.insert(field.clone(), serde_json::json!({"type": "char", "string": "Secret"}));
            return Ok(Some(serde_json::from_value(fields.into()).unwrap()));
        }
        Ok(Some(serde_json::from_str(&json).unwrap()))
    }

    async fn load_permissions(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Permissions>, Unavailable> {
        tokio::task::yield_now().await;
        self.answer()?;
        let running = 1 + self.permission_loads_running.fetch_add(1, Ordering::SeqCst);
        self.permission_loads_at_once.fetch_max(running, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.permission_loads_running.fetch_sub(1, Ordering::SeqCst);
        let known = self.models.lock().contains_key(model);
        let write = scope.user().id() == 2;
        Ok(known.then_some(Permissions { read: true, write, ..Permissions::default() }))
    }

    async fn load_models(&self, _: &CacheScope) -> Result<ModelList, Unavailable> {
        self.answer()?;
        Ok(self.models.lock().keys().map(|name| (name.as_str(), "a label")).collect())
    }
}

/// Definitions as large and repetitive as real ones: 15 attributes for each field, mostly with equal values.
pub(crate) fn definitions(model: &str, fields: usize) -> String {
    let mut all = serde_json::Map::new();
    for number in 0..fields {
        let name = format!("x_field_{number}");
        let json = serde_json::json!({
            "change_default": false, "company_dependent": false, "default_export_compatible": false,
            "depends": [], "exportable": true, "manual": false, "name": name,
            "readonly": number % 3 == 0, "required": false, "searchable": true, "sortable": true,
            "store": number % 5 != 0, "string": format!("Field {number} of {model}"), "type": "char",
            "relation": format!("{model}.relation{}", number % 7),
        });
        all.insert(name, json);
    }
    serde_json::Value::from(all).to_string()
}

pub(crate) fn scope(user: i64) -> CacheScope {
    CacheScope::new(DatabaseUser::new("production", user), "en_US")
}

pub(crate) fn cache(config: CacheConfig) -> (MetadataCache<Unavailable>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (MetadataCache::with_clock(config, Arc::clone(&clock) as _), clock)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A small deterministic random number generator.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
