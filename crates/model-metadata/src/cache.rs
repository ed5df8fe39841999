//! `MetadataCache`: the public interface of the three cache tables.

use core::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};

use crate::cached_answer::AnswerKey;
use crate::shared_values::SharedValue;
use crate::table::{LoadDuty, Table};
use crate::{
    CacheConfig, CacheScope, CacheStats, Clock, DatabaseUser, FieldDefinitions, MetadataLoader, ModelList,
    Permissions, SystemClock,
};

type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// A cache of model metadata by scope: field definitions, permissions, model lists.
///
/// The cache is not tied to a connection or a client: each call passes a loader, whose error type is `E`.
/// Concurrent callers share one load: one caller asks the server, the others wait. If that caller is
/// cancelled, another takes over. All waiting callers get the error of a failed load; errors are not cached.
///
/// # Consistency
/// After an `invalidate_…` method has returned, no caller gets a value whose load started before the
/// invalidation, neither from the table nor from a load in flight. The absence of a model or a field is
/// cached for [`negative_time_to_live`](crate::TablePolicy::negative_time_to_live), counted from the start of
/// the load. After that time, the next call with an unknown name asks the server again.
///
/// # Memory
/// Each table stays within its bound. Equal values of different users share one allocation, which is counted
/// once. A value that a caller still uses after its eviction is no longer counted.
///
/// # Examples
/// `Server` is a [`MetadataLoader`] that knows the model `res.partner`, which may be read.
/// ```
#[doc = include_str!("../doc/server.txt")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Arc<Infallible>> {
/// let clock = Arc::new(ManualClock::default());
/// let cache = MetadataCache::with_clock(CacheConfig::default(), clock.clone());
/// let user = DatabaseUser::new("production", 7);
/// let (server, scope) = (Arc::new(Server), CacheScope::new(user.clone(), "en_US"));
///
/// // One load for each entry. The absence of a model is cached for a short time.
/// assert_eq!(cache.models(&server, &scope, &[]).await?.label("res.partner"), Some("Contact"));
/// assert!(cache.permissions(&server, &scope, "res.partner").await?.unwrap().read);
/// assert_eq!(cache.fields(&server, &scope, "res.partner").await?.unwrap().len(), 1);
/// assert!(cache.fields(&server, &scope, "no.such.model").await?.is_none());
/// assert_eq!(cache.stats().fields.loads, 2);
///
/// // Many models, with at most four concurrent loads.
/// let permissions = cache.permissions_for(&server, &scope, &["res.partner", "res.users"], 4).await;
/// assert!(permissions.into_iter().all(|it| it.unwrap().unwrap().allow(Operation::Read)));
///
/// // A field may be new: after five seconds, a name that the definitions lack causes another load.
/// clock.advance(core::time::Duration::from_secs(6));
/// cache.fields_naming(&server, &scope, "res.partner", &["name"]).await?;
/// assert_eq!(cache.stats().fields.loads, 2);
/// cache.fields_naming(&server, &scope, "res.partner", &["x_new"]).await?;
/// assert_eq!(cache.stats().fields.loads, 3);
///
/// // Invalidate after a change on the server.
/// assert!(cache.known_fields(&scope, "res.partner").is_some());
/// cache.invalidate_model("production", "res.partner");
/// assert!(cache.known_fields(&scope, "res.partner").is_none());
/// cache.invalidate_user(&user);
/// cache.remove_expired();
/// # Ok(())
/// # }
/// ```
pub struct MetadataCache<E> {
    fields: Arc<Table<FieldDefinitions, E>>,
    permissions: Arc<Table<Permissions, E>>,
    models: Arc<Table<ModelList, E>>,
    spawn: Option<Spawn>,
}

impl<E: Send + Sync + 'static> MetadataCache<E> {
    /// An empty cache with the system's clock.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        Self::with_clock(config, Arc::new(SystemClock::new()))
    }

    /// An empty cache with the given clock.
    #[must_use]
    pub fn with_clock(config: CacheConfig, clock: Arc<dyn Clock>) -> Self {
        MetadataCache {
            fields: Table::new(config.fields, Arc::clone(&clock)),
            permissions: Table::new(config.permissions, Arc::clone(&clock)),
            models: Table::new(config.models, clock),
            spawn: None,
        }
    }

    /// Refreshes entries in the background, in tasks that `spawn` starts.
    #[must_use]
    pub fn refresh_with(mut self, spawn: impl Fn(BoxFuture<'static, ()>) + Send + Sync + 'static) -> Self {
        self.spawn = Some(Arc::new(spawn));
        self
    }

    /// The complete definitions of a model's fields; `None` if there is no such model.
    ///
    /// # Errors
    /// The loader's error, for all callers that waited for the load.
    pub async fn fields<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Arc<FieldDefinitions>>, Arc<E>> {
        self.fields_naming(loader, scope, model, &[]).await
    }

    /// The complete definitions of a model's fields. If the cached ones lack one of `names` and are older
    /// than the negative time to live, they are loaded again.
    ///
    /// # Errors
    /// The loader's error, for all callers that waited for the load.
    pub async fn fields_naming<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        model: &str,
        names: &[&str],
    ) -> Result<Option<Arc<FieldDefinitions>>, Arc<E>> {
        let key = AnswerKey { scope: scope.clone(), model: model.into() };
        let has_all = |cached: &FieldDefinitions| names.iter().all(|name| cached.get(name).is_some());
        let satisfies = (!names.is_empty()).then_some(&has_all as &(dyn Fn(&_) -> bool + Sync));
        let load = || {
            let (loader, key) = (Arc::clone(loader), key.clone());
            async move { loader.load_fields(&key.scope, &key.model).await }
        };
        let (outcome, duty) = self.fields.get(&key, self.spawn.is_some(), satisfies, load).await;
        self.refresh(duty, load);
        outcome
    }

    /// The definitions of a model's fields, if they are cached. Neither asks the server nor counts as a hit
    /// or a miss.
    #[must_use]
    pub fn known_fields(&self, scope: &CacheScope, model: &str) -> Option<Arc<FieldDefinitions>> {
        self.fields.peek(&AnswerKey { scope: scope.clone(), model: model.into() })
    }

    /// The permissions of the scope's user on a model; `None` if there is no such model.
    ///
    /// # Errors
    /// The loader's error, for all callers that waited for the load.
    pub async fn permissions<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Permissions>, Arc<E>> {
        let key = AnswerKey { scope: scope.without_language(), model: model.into() };
        let load = || {
            let (loader, key) = (Arc::clone(loader), key.clone());
            async move { loader.load_permissions(&key.scope, &key.model).await }
        };
        let (outcome, duty) = self.permissions.get(&key, self.spawn.is_some(), None, load).await;
        self.refresh(duty, load);
        Ok(outcome?.map(|permissions| *permissions))
    }

    /// The permissions on several models, in the order of `models`, with at most `at_once` concurrent loads.
    ///
    /// # Errors
    /// The loader's error, per model. A failure does not affect the other models.
    pub async fn permissions_for<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        models: &[&str],
        at_once: usize,
    ) -> Vec<Result<Option<Permissions>, Arc<E>>> {
        let scope = scope.without_language();
        let loads = models.iter().map(|model| self.permissions(loader, &scope, model));
        stream::iter(loads).buffered(at_once.max(1)).collect().await
    }

    /// The models that the scope's user may see. If the cached list lacks one of the models in `naming` and
    /// is older than the negative time to live, it is loaded again.
    ///
    /// # Errors
    /// The loader's error, for all callers that waited for the load.
    pub async fn models<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        naming: &[&str],
    ) -> Result<Arc<ModelList>, Arc<E>> {
        let key = AnswerKey { scope: scope.clone(), model: "".into() };
        let has_all = |cached: &ModelList| naming.iter().all(|model| cached.label(model).is_some());
        let satisfies = (!naming.is_empty()).then_some(&has_all as &(dyn Fn(&_) -> bool + Sync));
        let load = || {
            let (loader, key) = (Arc::clone(loader), key.clone());
            async move { loader.load_models(&key.scope).await.map(Some) }
        };
        let (outcome, duty) = self.models.get(&key, self.spawn.is_some(), satisfies, load).await;
        self.refresh(duty, load);
        outcome.map(Option::unwrap_or_default)
    }

    /// Invalidates the fields and permissions of a model of a database, for all users.
    pub fn invalidate_model(&self, database: &str, model: &str) {
        self.fields.invalidate_model(database, model);
        self.permissions.invalidate_model(database, model);
    }

    /// Invalidates all entries of a user.
    pub fn invalidate_user(&self, user: &DatabaseUser) {
        self.fields.invalidate_user(user);
        self.permissions.invalidate_user(user);
        self.models.invalidate_user(user);
    }

    /// Invalidates all entries.
    pub fn invalidate_all(&self) {
        self.fields.invalidate_all();
        self.permissions.invalidate_all();
        self.models.invalidate_all();
    }

    /// Removes expired entries. Otherwise an expired entry stays in memory until its next lookup or its
    /// eviction.
    ///
    /// # Complexity
    /// O(entries), under the locks of the tables.
    pub fn remove_expired(&self) {
        self.fields.remove_expired();
        self.permissions.remove_expired();
        self.models.remove_expired();
    }

    /// The counters, and the current size of the tables.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            fields: self.fields.stats(),
            permissions: self.permissions.stats(),
            models: self.models.stats(),
        }
    }

    fn refresh<V, F>(&self, duty: Option<LoadDuty<V, E>>, load: impl Fn() -> F)
    where
        V: SharedValue + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let (Some(duty), Some(spawn)) = (duty, &self.spawn) {
            let load = load();
            spawn(Box::pin(async move {
                // Callers that joined the load get its outcome. A failed refresh leaves the old entry.
                drop(duty.finish(load.await));
            }));
        }
    }
}

impl<E> fmt::Debug for MetadataCache<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataCache").finish_non_exhaustive()
    }
}
