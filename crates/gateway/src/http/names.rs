//! `Names`: what people call users, roles, clients and organizations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use erp_db::{Directory, ErpReader, ReadError, Role};
use session::{ClientId, Clock, RoleId, UserId};

use super::cache::TimedCache;

/// Reads names beside what is pinned, and keeps them for some seconds. Where the database does not answer there is no name:
/// nothing but displays depends on them.
#[derive(Debug)]
pub(crate) struct Names {
    reader: ErpReader,
    users: TimedCache<UserId, Option<String>>,
    roles: TimedCache<RoleId, Option<Arc<Role>>>,
    clients: TimedCache<(), Arc<BTreeMap<String, String>>>,
    directories: TimedCache<ClientId, Arc<Directory>>,
}

impl Names {
    pub(crate) fn new(reader: ErpReader, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Names {
            reader,
            users: TimedCache::new(keep, Arc::clone(&clock)),
            roles: TimedCache::new(keep, Arc::clone(&clock)),
            clients: TimedCache::new(keep, Arc::clone(&clock)),
            directories: TimedCache::new(keep, clock),
        }
    }

    /// The name by which a user logs in.
    pub(crate) async fn user(&self, user: UserId) -> Option<String> {
        let load = async |_| {
            let user = self.reader.user(user.as_str()).await?;
            Ok(user.and_then(|user| user.username))
        };
        shown(self.users.get(user, load).await).flatten()
    }

    /// Takes note of a name by which a user has just been found.
    pub(crate) async fn note_user(&self, user: UserId, name: &str) {
        self.users.put(user, Some(name.to_owned())).await;
    }

    /// The names by which users log in: one question, whatever their number.
    pub(crate) async fn users(&self, users: BTreeSet<UserId>) -> BTreeMap<String, String> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        shown(self.reader.usernames(&ids).await).unwrap_or_default()
    }

    /// The names of roles: one question, whatever their number.
    pub(crate) async fn roles(&self, roles: BTreeSet<RoleId>) -> BTreeMap<String, String> {
        let ids: Vec<&str> = roles.iter().map(RoleId::as_str).collect();
        shown(self.reader.role_names(&ids).await).unwrap_or_default()
    }

    pub(crate) async fn role(&self, role: RoleId) -> Option<Arc<Role>> {
        let load = async |_| Ok(self.reader.role(role.as_str()).await?.map(Arc::new));
        shown(self.roles.get(role, load).await).flatten()
    }

    pub(crate) async fn client(&self, client: ClientId) -> Option<String> {
        let load = async |_| {
            let clients = self.reader.clients().await?;
            Ok(Arc::new(clients.into_iter().map(|client| (client.id, client.name)).collect()))
        };
        let clients: Arc<BTreeMap<String, String>> = shown(self.clients.get((), load).await)?;
        clients.get(client.as_str()).cloned()
    }

    /// The names of a client's organizations; none if they cannot be read.
    pub(crate) async fn directory(&self, client: ClientId) -> Arc<Directory> {
        let load = async |_| Ok(Arc::new(self.reader.directory(client.as_str()).await?));
        shown(self.directories.get(client, load).await).unwrap_or_default()
    }
}

fn shown<T>(read: Result<T, ReadError>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "names cannot be read")).ok()
}
