//! `Erp`: where the answers come from. Each client's tree is loaded once, or is the one that a session is
//! pinned to.

use std::collections::HashMap;
use std::sync::Arc;

use erp_db::{ErpReader, StoredOrgInfo};
use org_structure::OrgStructure;
use org_structure::openbravo::OrganizationStructureProvider;
use session::openbravo::AutomaticRoles;

use super::problem::Problem;

pub(crate) struct Erp {
    reader: ErpReader,
    /// The rule for automatic roles, where a question does not say otherwise.
    automatic_roles: AutomaticRoles,
    loaded: HashMap<String, Tree>,
    /// The only client that is known, where a session asks: all others are to it as if they were not there.
    only: Option<Tree>,
}

/// A client and its tree.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) client: Arc<str>,
    pub(crate) structure: Arc<OrgStructure>,
}

impl Tree {
    pub(crate) fn provider(&self) -> OrganizationStructureProvider<'_> {
        OrganizationStructureProvider::new(&self.client, &self.structure)
    }
}

impl Erp {
    pub(crate) fn new(reader: ErpReader, automatic_roles: AutomaticRoles) -> Self {
        Erp { reader, automatic_roles, loaded: HashMap::new(), only: None }
    }

    /// An ERP with one client alone, whose tree is at hand.
    pub(crate) fn of_client(
        reader: ErpReader,
        automatic_roles: AutomaticRoles,
        client: &str,
        structure: Arc<OrgStructure>,
    ) -> Self {
        let only = Some(Tree { client: client.into(), structure });
        Erp { reader, automatic_roles, loaded: HashMap::new(), only }
    }

    /// Is there one client alone?
    pub(crate) fn has_one_client(&self) -> bool {
        self.only.is_some()
    }

    /// Is a client known here, if there is one?
    pub(crate) fn knows(&self, client: &str) -> bool {
        self.only.as_ref().is_none_or(|only| *only.client == *client)
    }

    /// The client to which an organization belongs; none for an organization that is not known here.
    pub(crate) async fn client_of_organization(&self, org: &str) -> Result<Option<String>, Problem> {
        let owner = self.reader.client_of_organization(org).await?;
        Ok(owner.filter(|owner| self.knows(owner)))
    }

    /// What is stored with an organization; nothing for one that is not known here.
    pub(crate) async fn stored_org_info(&self, org: &str) -> Result<Option<StoredOrgInfo>, Problem> {
        if self.only.is_some() && org != "0" && self.client_of_organization(org).await?.is_none() {
            return Ok(None);
        }
        Ok(self.reader.stored_org_info(org).await?)
    }

    pub(crate) fn reader(&self) -> &ErpReader {
        &self.reader
    }

    pub(crate) fn automatic_roles(&self) -> AutomaticRoles {
        self.automatic_roles
    }

    /// Checks that a client is known, and named unless there is one alone. Its tree may be damaged.
    pub(crate) async fn require_client(&self, client: Option<&str>) -> Result<(), Problem> {
        match client {
            Some(client) if self.is_there(client).await? => Ok(()),
            Some(_) if self.only.is_some() => Err(Problem::unknown_client()),
            // An unknown client is an error of the reader's, with its words.
            Some(client) => Ok(self.reader.require_client(client).await?),
            None if self.only.is_some() => Ok(()),
            None => Err(Problem::missing_argument("client")),
        }
    }

    /// Is there such a client?
    pub(crate) async fn is_there(&self, client: &str) -> Result<bool, Problem> {
        if self.only.is_some() || self.loaded.contains_key(client) {
            return Ok(self.knows(client));
        }
        Ok(self.reader.client_exists(client).await?)
    }

    /// The tree of a client, which must be named unless there is one alone.
    pub(crate) async fn tree_of(&mut self, client: Option<&str>) -> Result<Tree, Problem> {
        match (client, &self.only) {
            (Some(client), _) => self.tree(client).await,
            (None, Some(only)) => Ok(only.clone()),
            (None, None) => Err(Problem::missing_argument("client")),
        }
    }

    /// The tree of a client.
    pub(crate) async fn tree(&mut self, client: &str) -> Result<Tree, Problem> {
        if !self.knows(client) {
            return Err(Problem::unknown_client());
        }
        if let Some(tree) = self.only.as_ref().or_else(|| self.loaded.get(client)) {
            return Ok(tree.clone());
        }
        let loaded = Box::pin(self.reader.load_tree(client)).await?;
        let tree = Tree { client: client.into(), structure: Arc::new(loaded.structure) };
        self.loaded.insert(client.to_owned(), tree.clone());
        Ok(tree)
    }

    /// The tree of a client that may be unknown or null.
    pub(crate) async fn tree_of_any(&mut self, client: Option<&str>) -> Result<Option<Tree>, Problem> {
        match client {
            Some(client) if self.is_there(client).await? => self.tree(client).await.map(Some),
            _ => Ok(None),
        }
    }
}
