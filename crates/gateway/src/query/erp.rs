//! `Erp`: where the answers come from. [`AllClients`] is for the command line, [`OneClient`] for a session.

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

/// The clients that questions may be about, with their trees, and what else questions read.
pub(crate) trait Erp {
    /// The database of the ERP, unless the ERP is an Odoo.
    fn reader(&self) -> Option<&ErpReader>;

    /// The Odoo, if the ERP is one.
    fn odoo(&self) -> Option<&CompanySource>;

    /// The rule for automatic roles, where a question names none.
    fn automatic_roles(&self) -> AutomaticRoles;

    /// Whether answers may be about a client. It need not exist.
    fn covers(&self, client: &str) -> bool;

    /// Whether a client is covered and exists.
    async fn has(&self, client: &str) -> Result<bool, QueryProblem>;

    /// Checks that a client is there, and that it is named unless there is only one. Its tree may be damaged.
    async fn require(&self, client: Option<&str>) -> Result<(), QueryProblem>;

    /// The tree of a client; without a name, of the only one.
    async fn tree(&mut self, client: Option<&str>) -> Result<Tree, QueryProblem>;

    /// The covered client to which an organization belongs.
    async fn client_of_organization(&self, org: &str) -> Result<Option<ClientId>, QueryProblem>;

    /// Whether answers may be about an organization.
    async fn covers_organization(&self, org: &str) -> Result<bool, QueryProblem>;

    /// A role without what belongs to clients that are not covered; `None` if it is of such a client itself.
    fn restrict(&self, role: RoleFacts) -> Option<RoleFacts>;

    /// The names of a client's organizations.
    async fn directory(&self, client: ClientId) -> Result<Directory, QueryProblem>;
}

/// Every client of a database. Each tree is loaded once.
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

    async fn has(&self, client: &str) -> Result<bool, QueryProblem> {
        match ClientId::new(client) {
            Ok(id) => Ok(self.loaded.contains_key(&id) || self.reader.client_exists(id).await?),
            Err(_) => Ok(false),
        }
    }

    async fn require(&self, client: Option<&str>) -> Result<(), QueryProblem> {
        let client = client_id(client.ok_or_else(|| QueryProblem::missing_argument("client"))?)?;
        if self.loaded.contains_key(&client) {
            return Ok(());
        }
        // An unknown client is an error of the reader's, with its words.
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

/// One client with a pinned tree. Answers are as if there were no other client.
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

    async fn has(&self, client: &str) -> Result<bool, QueryProblem> {
        Ok(self.covers(client))
    }

    async fn require(&self, client: Option<&str>) -> Result<(), QueryProblem> {
        match client {
            Some(client) if !self.covers(client) => Err(QueryProblem::unknown_client(client)),
            _ => Ok(()),
        }
    }

    async fn tree(&mut self, client: Option<&str>) -> Result<Tree, QueryProblem> {
        self.require(client).await?;
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
