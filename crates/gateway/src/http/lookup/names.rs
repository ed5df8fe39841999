//! `Names`: the current names of users, roles, clients and organizations.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Directory, Role};
use parking_lot::Mutex;
use session::{ClientId, Clock, RoleId, UserId};

use crate::backend::{Backend, BackendError};
use crate::http::lookup::ttl_cache::TtlCache;
use crate::http::middleware::timeout::within;

/// The longest time that an answer waits for names. Names of several kinds are looked up concurrently.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// How long names of a kind are not looked up after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Reads names, which are not pinned, and caches them for some seconds. If the database does not answer in
/// time, the name is missing, and names of that kind are not looked up for a moment. Names are only for
/// display, so nothing else depends on them.
#[derive(Debug)]
pub(crate) struct Names {
    backend: Backend,
    users: NameTable<UserId, Option<String>>,
    roles: NameTable<RoleId, Option<Arc<Role>>>,
    administrators: NameTable<UserId, bool>,
    clients: NameTable<(), Arc<BTreeMap<String, String>>>,
    directories: NameTable<ClientId, Arc<Directory>>,
}

impl Names {
    pub(crate) fn new(backend: Backend, keep: Duration, clock: &Arc<dyn Clock>) -> Self {
        Names {
            backend: backend.with_statement_limit(MAX_WAIT),
            users: NameTable::new(keep, clock),
            roles: NameTable::new(keep, clock),
            administrators: NameTable::new(keep, clock),
            clients: NameTable::new(keep, clock),
            directories: NameTable::new(keep, clock),
        }
    }

    /// The name by which a user logs in.
    pub(crate) async fn user(&self, user: UserId) -> Option<String> {
        self.users.get(user, async || self.backend.username(user).await).await.flatten()
    }

    /// Caches the name with which a user has just logged in.
    pub(crate) fn remember_user(&self, user: UserId, name: &str) {
        self.users.cache.put(user, Some(name.to_owned()));
    }

    /// The login names of users, read by one query.
    pub(crate) async fn users(&self, users: BTreeSet<UserId>) -> BTreeMap<UserId, String> {
        let ids: Vec<UserId> = users.into_iter().collect();
        self.users.look_up(async || self.backend.usernames(&ids).await).await.unwrap_or_default()
    }

    /// The names of roles, read by one query.
    pub(crate) async fn roles(&self, roles: BTreeSet<RoleId>) -> BTreeMap<RoleId, String> {
        let ids: Vec<RoleId> = roles.into_iter().collect();
        self.roles.look_up(async || self.backend.role_names(&ids).await).await.unwrap_or_default()
    }

    pub(crate) async fn role(&self, role: RoleId) -> Option<Arc<Role>> {
        let read = async || Ok(self.backend.role(role).await?.map(Arc::new));
        self.roles.get(role, read).await.flatten()
    }

    pub(crate) async fn client(&self, client: ClientId) -> Option<String> {
        self.clients().await?.get(client.as_str()).cloned()
    }

    /// The names of all clients by id, or `None` if they cannot be read.
    pub(crate) async fn clients(&self) -> Option<Arc<BTreeMap<String, String>>> {
        let read = async || {
            let clients = self.backend.clients().await?;
            let named = clients.into_iter().filter(|client| !client.name.is_empty());
            Ok(Arc::new(named.map(|client| (client.id, client.name)).collect()))
        };
        self.clients.get((), read).await
    }

    /// Whether an Odoo user is an administrator. Only for display: cached, and `false` if Odoo does not
    /// answer.
    pub(crate) async fn is_administrator(&self, user: UserId, client: ClientId) -> bool {
        let read = async || Ok(self.backend.administration(user, RoleId::ZERO, client).await?.of_client);
        self.administrators.get(user, read).await.unwrap_or_default()
    }

    /// The names of a client's organizations. Empty if they cannot be read.
    pub(crate) async fn directory(&self, client: ClientId) -> Arc<Directory> {
        let read = async || Ok(Arc::new(self.backend.directory(client).await?));
        self.directories.get(client, read).await.unwrap_or_default()
    }
}

/// Names of one kind.
#[derive(Debug)]
struct NameTable<K, V> {
    cache: TtlCache<K, V>,
    clock: Arc<dyn Clock>,
    /// When the last failed look-up failed.
    failed: Mutex<Option<Duration>>,
}

impl<K: Clone + Hash + Eq, V: Clone> NameTable<K, V> {
    fn new(keep: Duration, clock: &Arc<dyn Clock>) -> Self {
        NameTable {
            cache: TtlCache::new(keep, Arc::clone(clock)),
            clock: Arc::clone(clock),
            failed: Mutex::default(),
        }
    }

    /// A name from the cache, or from the ERP.
    async fn get(&self, key: K, read: impl AsyncFnOnce() -> Result<V, BackendError>) -> Option<V> {
        self.in_time(self.cache.get(key, async || self.unless_paused(read).await)).await
    }

    /// Names from the ERP.
    async fn look_up<T>(&self, read: impl AsyncFnOnce() -> Result<T, BackendError>) -> Option<T> {
        self.in_time(self.unless_paused(read)).await
    }

    async fn unless_paused<T>(
        &self,
        read: impl AsyncFnOnce() -> Result<T, BackendError>,
    ) -> Result<T, NamesError> {
        let failed = *self.failed.lock();
        match failed {
            Some(failed) if self.clock.now().saturating_sub(failed) < PAUSE => Err(NamesError::Paused),
            _ => read().await.map_err(NamesError::Unreadable),
        }
    }

    /// Waits for names up to the limit, even if another caller's look-up is in flight.
    async fn in_time<T>(&self, names: impl Future<Output = Result<T, NamesError>>) -> Option<T> {
        match within(MAX_WAIT, names).await {
            Some(Ok(names)) => return Some(names),
            Some(Err(NamesError::Paused)) => return None,
            Some(Err(NamesError::Unreadable(error))) => tracing::warn!(%error, "names cannot be read"),
            None => tracing::warn!("names cannot be read in time"),
        }
        *self.failed.lock() = Some(self.clock.now());
        None
    }
}

/// Why names are missing.
enum NamesError {
    Unreadable(BackendError),
    /// A look-up failed a moment ago.
    Paused,
}
