//! `MetadataCache`: the public interface of the three tables.

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

/// Model metadata of servers, by scope: field definitions, permissions, model lists.
///
/// The cache belongs to no connection and no client: a loader comes with each question, and `E` is its error.
/// Concurrent callers share one load: one of them asks the server, the others wait; if that one is cancelled,
/// another takes over. A load's error goes to all callers that waited, and is not cached.
///
/// # Consistency
/// After an `invalidate_…` returns, no caller gets an answer whose load began before it, neither from the
/// table nor from a load in flight. "There is no such model" and "there is no such field" are believed for
/// [`negative_time_to_live`](crate::TablePolicy::negative_time_to_live), counted from the moment at which the
/// load began. After that, the next question about an unknown name goes to the server again.
///
/// # Memory
/// Each table stays within its bound. Equal values of different users are one allocation, counted once. A
/// value that a caller still holds after its eviction counts as the caller's.
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
/// // One load each; what does not exist is remembered for a while.
/// assert_eq!(cache.models(&server, &scope, &[]).await?.label("res.partner"), Some("Contact"));
/// assert!(cache.permissions(&server, &scope, "res.partner").await?.unwrap().read);
/// assert_eq!(cache.fields(&server, &scope, "res.partner").await?.unwrap().len(), 1);
/// assert!(cache.fields(&server, &scope, "no.such.model").await?.is_none());
/// assert_eq!(cache.stats().fields.loads, 2);
///
/// // Many models; at most four loads at once.
/// let permissions = cache.permissions_for(&server, &scope, &["res.partner", "res.users"], 4).await;
/// assert!(permissions.into_iter().all(|it| it.unwrap().unwrap().allow(Operation::Read)));
///
/// // A field may be new: definitions that lack its name are believed for five seconds.
/// clock.advance(core::time::Duration::from_secs(6));
/// cache.fields_naming(&server, &scope, "res.partner", &["name"]).await?;
/// assert_eq!(cache.stats().fields.loads, 2);
/// cache.fields_naming(&server, &scope, "res.partner", &["x_new"]).await?;
/// assert_eq!(cache.stats().fields.loads, 3);
///
/// // After a change on the server.
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
    /// An empty cache on the process's clock.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        Self::with_clock(config, Arc::new(SystemClock::new()))
    }

    /// An empty cache on the given clock.
    #[must_use]
    pub fn with_clock(config: CacheConfig, clock: Arc<dyn Clock>) -> Self {
        MetadataCache {
            fields: Table::new(config.fields, Arc::clone(&clock)),
            permissions: Table::new(config.permissions, Arc::clone(&clock)),
            models: Table::new(config.models, clock),
            spawn: None,
        }
    }

    /// Refreshes answers in the background, by tasks that `spawn` starts.
    #[must_use]
    pub fn refresh_with(mut self, spawn: impl Fn(BoxFuture<'static, ()>) + Send + Sync + 'static) -> Self {
        self.spawn = Some(Arc::new(spawn));
        self
    }

    /// The complete definitions of a model's fields; `None` if there is no such model.
    ///
    /// # Errors
    /// The loader's error, for each caller that waited for the load.
    pub async fn fields<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Arc<FieldDefinitions>>, Arc<E>> {
        self.fields_naming(loader, scope, model, &[]).await
    }

    /// The complete definitions of a model's fields, recent enough that a name which they lack can be
    /// believed not to exist.
    ///
    /// # Errors
    /// The loader's error, for each caller that waited for the load.
    pub async fn fields_naming<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        model: &str,
        names: &[&str],
    ) -> Result<Option<Arc<FieldDefinitions>>, Arc<E>> {
        let key = AnswerKey { scope: scope.clone(), model: model.into() };
        let has_all = |known: &FieldDefinitions| names.iter().all(|name| known.get(name).is_some());
        let satisfies = (!names.is_empty()).then_some(&has_all as &(dyn Fn(&_) -> bool + Sync));
        let load = || {
            let (loader, key) = (Arc::clone(loader), key.clone());
            async move { loader.load_fields(&key.scope, &key.model).await }
        };
        let (outcome, lead) = self.fields.get(&key, self.spawn.is_some(), satisfies, load).await;
        self.refresh(lead, load);
        outcome
    }

    /// The definitions of a model's fields, if they are cached. Does not ask the server, and does not count
    /// as a hit or a miss.
    #[must_use]
    pub fn known_fields(&self, scope: &CacheScope, model: &str) -> Option<Arc<FieldDefinitions>> {
        self.fields.peek(&AnswerKey { scope: scope.clone(), model: model.into() })
    }

    /// What the scope's user may do with a model; `None` if there is no such model.
    ///
    /// # Errors
    /// The loader's error, for each caller that waited for the load.
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
        let (outcome, lead) = self.permissions.get(&key, self.spawn.is_some(), None, load).await;
        self.refresh(lead, load);
        Ok(outcome?.map(|permissions| *permissions))
    }

    /// The permissions for many models, in their order; at most `at_once` loads are under way at a time.
    ///
    /// One failure leaves the answers for the other models as they are.
    ///
    /// # Errors
    /// The loader's, model by model.
    pub async fn permissions_for<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        models: &[&str],
        at_once: usize,
    ) -> Vec<Result<Option<Permissions>, Arc<E>>> {
        let scope = scope.without_language();
        let questions = models.iter().map(|model| self.permissions(loader, &scope, model));
        stream::iter(questions).buffered(at_once.max(1)).collect().await
    }

    /// The models that the scope's user may see, recent enough that a name in `naming` which the list lacks
    /// can be believed not to exist.
    ///
    /// # Errors
    /// The loader's error, for each caller that waited for the load.
    pub async fn models<L: MetadataLoader<Error = E>>(
        &self,
        loader: &Arc<L>,
        scope: &CacheScope,
        naming: &[&str],
    ) -> Result<Arc<ModelList>, Arc<E>> {
        let key = AnswerKey { scope: scope.clone(), model: "".into() };
        let has_all = |known: &ModelList| naming.iter().all(|model| known.label(model).is_some());
        let satisfies = (!naming.is_empty()).then_some(&has_all as &(dyn Fn(&_) -> bool + Sync));
        let load = || {
            let (loader, key) = (Arc::clone(loader), key.clone());
            async move { loader.load_models(&key.scope).await.map(Some) }
        };
        let (outcome, lead) = self.models.get(&key, self.spawn.is_some(), satisfies, load).await;
        self.refresh(lead, load);
        outcome.map(Option::unwrap_or_default)
    }

    /// Forgets the fields and permissions of a model of a database, for every user.
    pub fn invalidate_model(&self, database: &str, model: &str) {
        self.fields.invalidate_model(database, model);
        self.permissions.invalidate_model(database, model);
    }

    /// Forgets all answers for a user.
    pub fn invalidate_user(&self, user: &DatabaseUser) {
        self.fields.invalidate_user(user);
        self.permissions.invalidate_user(user);
        self.models.invalidate_user(user);
    }

    /// Forgets everything.
    pub fn invalidate_all(&self) {
        self.fields.invalidate_all();
        self.permissions.invalidate_all();
        self.models.invalidate_all();
    }

    /// Removes expired answers. Without it, an expired answer stays until it is asked for or evicted.
    ///
    /// # Complexity
    /// O(entries), under the locks of the tables.
    pub fn remove_expired(&self) {
        self.fields.remove_expired();
        self.permissions.remove_expired();
        self.models.remove_expired();
    }

    /// The counters, and the size of the tables now.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            fields: self.fields.stats(),
            permissions: self.permissions.stats(),
            models: self.models.stats(),
        }
    }

    fn refresh<V, F>(&self, lead: Option<LoadDuty<V, E>>, load: impl Fn() -> F)
    where
        V: SharedValue + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let (Some(lead), Some(spawn)) = (lead, &self.spawn) {
            let load = load();
            spawn(Box::pin(async move {
                // The callers that joined the load get its outcome. A failed refresh leaves the old answer.
                drop(lead.finish(load.await));
            }));
        }
    }
}

impl<E> fmt::Debug for MetadataCache<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataCache").finish_non_exhaustive()
    }
}
