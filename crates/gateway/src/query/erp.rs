//! `Erp`: the data source of answers. [`AllClients`] serves the command line, [`OneClient`] a session.

use std::collections::HashMap;
use std::sync::Arc;

use erp_db::{Directory, ErpReader};
use odoo::CompanySource;
use org_structure::openbravo::OrganizationStructureProvider;
use org_structure::{OrgId, OrgStructure};
use session::ClientId;
use session::openbravo::{AutomaticRoles, RoleFacts};

use super::problem::QueryProblem;
use crate::backend::Backend;

/// What cannot be an id names no client.
pub(crate) fn client_id(client: &str) -> Result<ClientId, QueryProblem> {
    ClientId::new(client).map_err(|_| QueryProblem::unknown_client(client))
}

/// A client and its tree.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) client: ClientId,
    pub(crate) structure: Arc<OrgStructure>,
}

impl Tree {
    pub(crate) fn provider(&self) -> OrganizationStructureProvider<'_> {
        OrganizationStructureProvider::new(self.client.as_str(), &self.structure)
    }
}

/// The clients that questions may ask about, their trees, and the other data that answers need.
pub(crate) trait Erp {
    /// The database of the ERP. `None` if the ERP is Odoo.
    fn reader(&self) -> Option<&ErpReader>;

    /// The source of Odoo's companies. `None` if the ERP is a database.
    fn odoo(&self) -> Option<&CompanySource>;

    /// The default rule for automatic roles.
    fn automatic_roles(&self) -> AutomaticRoles;

    /// Whether questions may ask about a client. The client need not exist.
    fn covers(&self, client: &str) -> bool;

    /// Whether a client is covered and exists.
    async fn client_exists(&self, client: &str) -> Result<bool, QueryProblem>;

    /// Fails unless the client exists. `None` is the only client, and fails if there are several. The
    /// client's tree may be damaged.
    async fn require_client(&self, client: Option<&str>) -> Result<(), QueryProblem>;

    /// The tree of a client. `None` is the only client.
    async fn tree(&mut self, client: Option<&str>) -> Result<Tree, QueryProblem>;

    /// The covered client to which an organization belongs.
    async fn client_of_organization(&self, org: &str) -> Result<Option<ClientId>, QueryProblem>;

    /// Whether questions may ask about an organization.
    async fn covers_organization(&self, org: &str) -> Result<bool, QueryProblem>;

    /// Removes data of clients that are not covered from a role. `None` if the role itself belongs to one.
    fn restrict(&self, role: RoleFacts) -> Option<RoleFacts>;

    /// The names of a client's organizations.
    async fn directory(&self, client: ClientId) -> Result<Directory, QueryProblem>;
}

/// All clients of a database. Loads each tree once.
pub(crate) struct AllClients {
    reader: ErpReader,
    automatic_roles: AutomaticRoles,
    loaded: HashMap<ClientId, Tree>,
}

impl AllClients {
    pub(crate) fn new(reader: ErpReader, automatic_roles: AutomaticRoles) -> Self {
        AllClients { reader, automatic_roles, loaded: HashMap::new() }
    }
}

impl Erp for AllClients {
    fn reader(&self) -> Option<&ErpReader> {
        Some(&self.reader)
    }

    fn odoo(&self) -> Option<&CompanySource> {
        None
    }

    fn automatic_roles(&self) -> AutomaticRoles {
        self.automatic_roles
    }

    fn covers(&self, _client: &str) -> bool {
        true
    }

    async fn client_exists(&self, client: &str) -> Result<bool, QueryProblem> {
        match ClientId::new(client) {
            Ok(id) => Ok(self.loaded.contains_key(&id) || self.reader.client_exists(id).await?),
            Err(_) => Ok(false),
        }
    }

    async fn require_client(&self, client: Option<&str>) -> Result<(), QueryProblem> {
        let client = client_id(client.ok_or_else(|| QueryProblem::missing_argument("client"))?)?;
        if self.loaded.contains_key(&client) {
            return Ok(());
        }
        // The reader reports an unknown client.
        Ok(self.reader.require_client(client).await?)
    }

    async fn tree(&mut self, client: Option<&str>) -> Result<Tree, QueryProblem> {
        let client = client_id(client.ok_or_else(|| QueryProblem::missing_argument("client"))?)?;
        if let Some(tree) = self.loaded.get(&client) {
            return Ok(tree.clone());
        }
        let structure = Box::pin(self.reader.load_tree(client)).await?.structure;
        let tree = Tree { client, structure: Arc::new(structure) };
        self.loaded.insert(client, tree.clone());
        Ok(tree)
    }

    async fn client_of_organization(&self, org: &str) -> Result<Option<ClientId>, QueryProblem> {
        match OrgId::new(org) {
            Ok(org) => Ok(self.reader.client_of_organization(org).await?),
            Err(_) => Ok(None),
        }
    }

    async fn covers_organization(&self, _org: &str) -> Result<bool, QueryProblem> {
        Ok(true)
    }

    fn restrict(&self, role: RoleFacts) -> Option<RoleFacts> {
        Some(role)
    }

    async fn directory(&self, client: ClientId) -> Result<Directory, QueryProblem> {
        Ok(self.reader.directory(client).await?)
    }
}

/// One client with a pinned tree. Other clients look as if they did not exist.
pub(crate) struct OneClient<'a> {
    backend: &'a Backend,
    automatic_roles: AutomaticRoles,
    tree: Tree,
}

impl<'a> OneClient<'a> {
    pub(crate) fn new(
        backend: &'a Backend,
        automatic_roles: AutomaticRoles,
        client: ClientId,
        structure: Arc<OrgStructure>,
    ) -> Self {
        OneClient { backend, automatic_roles, tree: Tree { client, structure } }
    }
}

impl Erp for OneClient<'_> {
    fn reader(&self) -> Option<&ErpReader> {
        match self.backend {
            Backend::Database(reader) => Some(reader),
            _ => None,
        }
    }

    fn odoo(&self) -> Option<&CompanySource> {
        match self.backend {
            Backend::Odoo(source) => Some(source),
            _ => None,
        }
    }

    fn automatic_roles(&self) -> AutomaticRoles {
        self.automatic_roles
    }

    fn covers(&self, client: &str) -> bool {
        self.tree.client.as_str() == client
    }

    async fn client_exists(&self, client: &str) -> Result<bool, QueryProblem> {
        Ok(self.covers(client))
    }

    async fn require_client(&self, client: Option<&str>) -> Result<(), QueryProblem> {
        match client {
            Some(client) if !self.covers(client) => Err(QueryProblem::unknown_client(client)),
            _ => Ok(()),
        }
    }

    async fn tree(&mut self, client: Option<&str>) -> Result<Tree, QueryProblem> {
        self.require_client(client).await?;
        Ok(self.tree.clone())
    }

    async fn client_of_organization(&self, org: &str) -> Result<Option<ClientId>, QueryProblem> {
        let owner = match (self.reader(), OrgId::new(org)) {
            (Some(reader), Ok(org)) => reader.client_of_organization(org).await?,
            (None, Ok(_)) => self.tree.structure.index_of(org).map(|_| self.tree.client),
            (_, Err(_)) => None,
        };
        Ok(owner.filter(|owner| *owner == self.tree.client))
    }

    async fn covers_organization(&self, org: &str) -> Result<bool, QueryProblem> {
        // `0` belongs to the system and is in every client's tree.
        Ok(org == "0" || self.client_of_organization(org).await?.is_some())
    }

    fn restrict(&self, mut role: RoleFacts) -> Option<RoleFacts> {
        // The system's roles work in every client.
        if role.client != ClientId::ZERO && role.client != self.tree.client {
            return None;
        }
        role.organizations.retain(|organization| organization.client == self.tree.client);
        role.remove_other_clients();
        Some(role)
    }

    async fn directory(&self, client: ClientId) -> Result<Directory, QueryProblem> {
        Ok(self.backend.directory(client).await?)
    }
}
