//! `Erp`: where the answers come from. Each client's tree is loaded once, or is the one that a session is
//! pinned to.

use std::collections::HashMap;
use std::sync::Arc;

use erp_db::{Directory, OrgTreeLevel, ReadError, StoredOrgInfo};
use org_structure::openbravo::OrganizationStructureProvider;
use org_structure::{OrgFlags, OrgId, OrgIndex, OrgStructure};
use session::openbravo::{AutomaticRoles, RoleFacts};
use session::{ClientId, RoleId, UserId};

use super::problem::Problem;
use crate::backend::{Backend, BackendError};

pub(crate) struct Erp {
    backend: Backend,
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
    pub(crate) fn new(backend: Backend, automatic_roles: AutomaticRoles) -> Self {
        Erp { backend, automatic_roles, loaded: HashMap::new(), only: None }
    }

    /// An ERP with one client alone, whose tree is at hand.
    pub(crate) fn of_client(
        backend: Backend,
        automatic_roles: AutomaticRoles,
        client: &str,
        structure: Arc<OrgStructure>,
    ) -> Self {
        let only = Some(Tree { client: client.into(), structure });
        Erp { backend, automatic_roles, loaded: HashMap::new(), only }
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
        let owner = match (&self.backend, &self.only) {
            (Backend::Database(reader), _) => reader.client_of_organization(org).await?,
            (_, Some(only)) if only.structure.index_of(org).is_some() => Some(only.client.to_string()),
            _ => None,
        };
        Ok(owner.filter(|owner| self.knows(owner)))
    }

    /// What is stored with an organization; nothing for one that is not known here.
    pub(crate) async fn stored_org_info(&self, org: &str) -> Result<Option<StoredOrgInfo>, Problem> {
        let Backend::Database(reader) = &self.backend else { return Err(Problem::not_in_odoo()) };
        if self.only.is_some() && org != "0" && self.client_of_organization(org).await?.is_none() {
            return Ok(None);
        }
        Ok(reader.stored_org_info(org).await?)
    }

    /// The level of a parent above an organization in the stored table of ancestors, if there is one.
    pub(crate) async fn org_tree_level(
        &self,
        org: &str,
        parent: &str,
        client: &str,
    ) -> Result<OrgTreeLevel, Problem> {
        match &self.backend {
            Backend::Database(reader) => match reader.org_tree_level(org, parent, client).await {
                // A database from before 2017 has no such table.
                Err(ReadError::MissingTable { .. }) => Ok(OrgTreeLevel::NotFilled),
                level => Ok(level?),
            },
            _ => Ok(OrgTreeLevel::NotFilled),
        }
    }

    /// The legal entities of a client, in any order.
    pub(crate) async fn legal_entities(&mut self, client: &str) -> Result<Vec<OrgId>, Problem> {
        if let Backend::Database(reader) = &self.backend {
            return Ok(reader.legal_entities_of_client(client).await?);
        }
        let tree = self.tree(client).await?.structure;
        let is_one = |org: &OrgIndex| tree.flags(*org).is_some_and(|it| it.contains(OrgFlags::LEGAL_ENTITY));
        Ok(tree.indices().filter(is_one).filter_map(|org| tree.id(org)).collect())
    }

    /// A role with the organizations that matter where it works in `current_client`. Odoo has none.
    pub(crate) async fn role_facts(
        &self,
        id: RoleId,
        current_client: ClientId,
    ) -> Result<Option<RoleFacts>, Problem> {
        match &self.backend {
            Backend::Database(reader) => Ok(reader.role_facts(id, current_client).await?),
            _ => Ok(None),
        }
    }

    /// The companies of a user of Odoo as they are now; none of one who may not sign in.
    pub(crate) async fn companies_of(&self, user: Option<&str>) -> Result<Vec<OrgId>, Problem> {
        let Backend::Odoo(source) = &self.backend else { return Err(Problem::not_in_database()) };
        // What cannot be an id names no user.
        let id = user.and_then(|user| UserId::new(user).ok());
        let found = match id {
            Some(id) => source.users(&[id]).await.map_err(BackendError::from)?.remove(&id),
            None => None,
        };
        let user = found.filter(|found| found.is_admitted).ok_or_else(|| Problem::unknown_user(user))?;
        Ok(user.companies().copied().collect())
    }

    /// The names of a client's organizations.
    pub(crate) async fn directory(&self, client: &str) -> Result<Directory, Problem> {
        Ok(self.backend.directory(client).await?)
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
            Some(client) => match &self.backend {
                Backend::Database(reader) => Ok(reader.require_client(client).await?),
                _ => Err(Problem::unknown_client()),
            },
            None if self.only.is_some() => Ok(()),
            None => Err(Problem::missing_argument("client")),
        }
    }

    /// Is there such a client?
    pub(crate) async fn is_there(&self, client: &str) -> Result<bool, Problem> {
        if self.only.is_some() || self.loaded.contains_key(client) {
            return Ok(self.knows(client));
        }
        match &self.backend {
            Backend::Database(reader) => Ok(reader.client_exists(client).await?),
            _ => Ok(false),
        }
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
        let loaded = Box::pin(self.backend.load_tree(client)).await?;
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
