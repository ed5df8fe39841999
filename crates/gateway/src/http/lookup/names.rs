//! `Names`: what people call users, roles, clients and organizations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Directory, Role};
use parking_lot::Mutex;
use session::{ClientId, Clock, RoleId, UserId};

use crate::backend::{Backend, BackendError};
use crate::http::lookup::ttl_cache::TtlCache;
use crate::http::middleware::timeout::within;

/// The longest wait for a name. Names of several kinds are asked for at the same time, so an answer waits no
/// longer.
const LONGEST: Duration = Duration::from_secs(1);

/// For how long names of a kind are not asked for after a look-up has failed.
const PAUSE: Duration = Duration::from_secs(2);

/// Reads names beside what is pinned, and keeps them for some seconds. Where the database does not answer in
/// time there is no name, and none of that kind is asked for a moment: nothing but displays depends on them.
#[derive(Debug)]
pub(crate) struct Names {
    backend: Backend,
    clock: Arc<dyn Clock>,
    pauses: Pauses,
    users: TtlCache<UserId, Option<String>>,
    roles: TtlCache<RoleId, Option<Arc<Role>>>,
    administrators: TtlCache<UserId, bool>,
    clients: TtlCache<(), Arc<BTreeMap<String, String>>>,
    directories: TtlCache<ClientId, Arc<Directory>>,
}

impl Names {
    pub(crate) fn new(backend: Backend, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Names {
            backend: backend.with_statement_limit(LONGEST),
            clock: Arc::clone(&clock),
            pauses: Pauses::default(),
            users: TtlCache::new(keep, Arc::clone(&clock)),
            roles: TtlCache::new(keep, Arc::clone(&clock)),
            administrators: TtlCache::new(keep, Arc::clone(&clock)),
            clients: TtlCache::new(keep, Arc::clone(&clock)),
            directories: TtlCache::new(keep, clock),
        }
    }

    /// The name by which a user logs in.
    pub(crate) async fn user(&self, user: UserId) -> Option<String> {
        let load = async || {
            self.may_ask(&self.pauses.users)?;
            Ok(self.backend.username(user).await?)
        };
        self.unless_slow(&self.pauses.users, self.users.get(user, load)).await.flatten()
    }

    /// Keeps the name by which a user has just been found.
    pub(crate) fn remember_user(&self, user: UserId, name: &str) {
        self.users.put(user, Some(name.to_owned()));
    }

    /// The login names of users, by one query for any number.
    pub(crate) async fn users(&self, users: BTreeSet<UserId>) -> BTreeMap<UserId, String> {
        let ids: Vec<UserId> = users.into_iter().collect();
        let read = async {
            self.may_ask(&self.pauses.users)?;
            Ok(self.backend.usernames(&ids).await?)
        };
        self.unless_slow(&self.pauses.users, read).await.unwrap_or_default()
    }

    /// The names of roles, by one query for any number.
    pub(crate) async fn roles(&self, roles: BTreeSet<RoleId>) -> BTreeMap<RoleId, String> {
        let ids: Vec<RoleId> = roles.into_iter().collect();
        let read = async {
            self.may_ask(&self.pauses.roles)?;
            Ok(self.backend.role_names(&ids).await?)
        };
        self.unless_slow(&self.pauses.roles, read).await.unwrap_or_default()
    }

    pub(crate) async fn role(&self, role: RoleId) -> Option<Arc<Role>> {
        let load = async || {
            self.may_ask(&self.pauses.roles)?;
            Ok(self.backend.role(role).await?.map(Arc::new))
        };
        self.unless_slow(&self.pauses.roles, self.roles.get(role, load)).await.flatten()
    }

    pub(crate) async fn client(&self, client: ClientId) -> Option<String> {
        self.clients().await?.get(client.as_str()).cloned()
    }

    /// The names of all clients, by id; `None` if they cannot be read.
    pub(crate) async fn clients(&self) -> Option<Arc<BTreeMap<String, String>>> {
        let load = async || {
            self.may_ask(&self.pauses.clients)?;
            let clients = self.backend.clients().await?;
            let named = clients.into_iter().filter(|client| !client.name.is_empty());
            Ok(Arc::new(named.map(|client| (client.id, client.name)).collect()))
        };
        self.unless_slow(&self.pauses.clients, self.clients.get((), load)).await
    }

    /// Is a user of Odoo an administrator, for displays?
    pub(crate) async fn is_administrator(&self, user: UserId, client: ClientId) -> bool {
        let load = async || {
            self.may_ask(&self.pauses.roles)?;
            Ok(self.backend.administration(user, RoleId::ZERO, client).await?.of_client)
        };
        self.unless_slow(&self.pauses.roles, self.administrators.get(user, load)).await.unwrap_or_default()
    }

    /// The names of a client's organizations; none if they cannot be read.
    pub(crate) async fn directory(&self, client: ClientId) -> Arc<Directory> {
        let load = async || {
            self.may_ask(&self.pauses.directories)?;
            Ok(Arc::new(self.backend.directory(client).await?))
        };
        self.unless_slow(&self.pauses.directories, self.directories.get(client, load))
            .await
            .unwrap_or_default()
    }

    fn may_ask(&self, pause: &Pause) -> Result<(), NamesError> {
        let failed = *pause.lock();
        let is_over = failed.is_none_or(|failed| self.clock.now().saturating_sub(failed) >= PAUSE);
        if is_over { Ok(()) } else { Err(NamesError::Paused) }
    }

    /// Waits for names, but not for long: also one who waits for another one's look-up.
    async fn unless_slow<T>(
        &self,
        pause: &Pause,
        names: impl Future<Output = Result<T, NamesError>>,
    ) -> Option<T> {
        match within(LONGEST, names).await {
            Some(Ok(names)) => return Some(names),
            Some(Err(NamesError::Paused)) => return None,
            Some(Err(NamesError::Unreadable(error))) => tracing::warn!(%error, "names cannot be read"),
            None => tracing::warn!("names cannot be read in time"),
        }
        *pause.lock() = Some(self.clock.now());
        None
    }
}

/// When a look-up of each kind failed last.
#[derive(Debug, Default)]
struct Pauses {
    users: Pause,
    roles: Pause,
    clients: Pause,
    directories: Pause,
}

type Pause = Mutex<Option<Duration>>;

/// Why there are no names.
enum NamesError {
    Unreadable(BackendError),
    /// A look-up has failed a moment ago.
    Paused,
}

impl From<BackendError> for NamesError {
    fn from(error: BackendError) -> Self {
        NamesError::Unreadable(error)
    }
}
