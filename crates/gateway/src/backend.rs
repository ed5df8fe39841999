//! `Backend`: the ERP behind a command or the service: its database, or Odoo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use erp_db::{Administration, Client, Directory, DirectoryEntry, ErpReader, ReadError, Role};
use odoo::{CompanySource, CompanyTreeError, OdooError};
use org_structure::{BuildError, OrgStructure};
use session::{ClientId, RoleId, UserId};

/// The source of trees, users and names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// The database of Openbravo or a descendant.
    Database(ErpReader),
    /// Odoo, whose companies are the organizations.
    Odoo(Arc<CompanySource>),
    /// No ERP. The service has no sessions and serves only `/mcp`.
    Absent,
}

impl From<ErpReader> for Backend {
    fn from(reader: ErpReader) -> Self {
        Backend::Database(reader)
    }
}

impl From<Arc<CompanySource>> for Backend {
    fn from(source: Arc<CompanySource>) -> Self {
        Backend::Odoo(source)
    }
}

/// Why a backend does not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The ERP's database failed.
    #[error(transparent)]
    Database(#[from] ReadError),
    /// Odoo failed.
    #[error(transparent)]
    Odoo(#[from] OdooError),
    /// Odoo's companies do not form a tree.
    #[error(transparent)]
    Companies(BuildError),
    /// Odoo has only one client, which has another name.
    #[error("there is no client `{client}`: Odoo's is `{own}`")]
    UnknownClient {
        /// The requested client.
        client: ClientId,
        /// The name of Odoo's client.
        own: String,
    },
}

impl From<CompanyTreeError> for BackendError {
    fn from(error: CompanyTreeError) -> Self {
        match error {
            CompanyTreeError::Odoo(error) => BackendError::Odoo(error),
            CompanyTreeError::Tree(error) => BackendError::Companies(error),
            other => BackendError::Odoo(OdooError::Unverified { message: other.to_string() }),
        }
    }
}

/// A user that was found by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundUser {
    pub(crate) id: UserId,
    /// When Odoo's record of the user was last written.
    pub(crate) written: Option<SystemTime>,
}

/// A client's tree.
pub(crate) struct BackendTree {
    pub(crate) structure: OrgStructure,
    /// The findings in its rows.
    pub(crate) findings: Vec<String>,
}

type Answer<T> = Result<T, BackendError>;

impl Backend {
    /// The same backend with a time limit for each statement of a database.
    pub(crate) fn with_statement_limit(&self, limit: Duration) -> Self {
        match self {
            Backend::Database(reader) => Backend::Database(reader.with_statement_limit(limit)),
            other => other.clone(),
        }
    }

    /// Runs a small query to verify that the backend answers.
    pub(crate) async fn probe(&self) -> Answer<()> {
        match self {
            Backend::Database(reader) => drop(reader.client_exists(ClientId::ZERO).await?),
            Backend::Odoo(source) => drop(source.users(&[UserId::ZERO]).await?),
            Backend::Absent => {}
        }
        Ok(())
    }

    /// The tenants.
    pub(crate) async fn clients(&self) -> Answer<Vec<Client>> {
        Ok(match self {
            Backend::Database(reader) => reader.clients().await?,
            Backend::Odoo(source) => {
                let name = source.odoo().config().database.clone();
                let id = source.client();
                vec![Client::named(id, name.as_deref().unwrap_or(id.as_str()))]
            }
            Backend::Absent => Vec::new(),
        })
    }

    /// Loads the current tree of a client.
    pub(crate) async fn load_tree(&self, client: ClientId) -> Answer<BackendTree> {
        match self {
            Backend::Database(reader) => {
                let loaded = reader.load_tree(client).await?;
                let findings = loaded.findings.iter().map(ToString::to_string).collect();
                Ok(BackendTree { structure: loaded.structure, findings })
            }
            Backend::Odoo(source) if source.client() == client => {
                let built = source.tree().await?;
                let findings = built.findings.iter().map(ToString::to_string).collect();
                Ok(BackendTree { structure: built.structure, findings })
            }
            Backend::Odoo(source) => {
                Err(BackendError::UnknownClient { client, own: source.client().to_string() })
            }
            Backend::Absent => Err(BackendError::UnknownClient { client, own: String::new() }),
        }
    }

    /// The names of a client's organizations.
    pub(crate) async fn directory(&self, client: ClientId) -> Answer<Directory> {
        Ok(match self {
            Backend::Database(reader) => reader.directory(client).await?,
            Backend::Odoo(source) => {
                let names = source.names().await?;
                let numbered = names.into_iter().zip(0_u32..);
                numbered
                    .map(|(company, place)| (company.id, DirectoryEntry::named(company.name, place.into())))
                    .collect()
            }
            Backend::Absent => Directory::default(),
        })
    }

    /// The user with a login name.
    pub(crate) async fn user_named(&self, name: &str) -> Answer<Option<FoundUser>> {
        Ok(match self {
            Backend::Database(reader) => {
                let found = reader.user_named(name).await?;
                found.map(|user| FoundUser { id: user.id, written: None })
            }
            Backend::Odoo(source) => source
                .user_named(name)
                .await?
                .filter(|user| user.is_admitted)
                .map(|user| FoundUser { id: user.id, written: Some(user.written) }),
            Backend::Absent => None,
        })
    }

    /// The login name of a user.
    pub(crate) async fn username(&self, user: UserId) -> Answer<Option<String>> {
        Ok(match self {
            Backend::Database(reader) => reader.user(user).await?.and_then(|user| user.username),
            other => other.usernames(&[user]).await?.remove(&user),
        })
    }

    /// The login names of users.
    pub(crate) async fn usernames(&self, users: &[UserId]) -> Answer<BTreeMap<UserId, String>> {
        Ok(match self {
            Backend::Database(reader) => reader.usernames(users).await?,
            Backend::Odoo(source) => {
                let users = source.users(users).await?.into_values();
                users.map(|user| (user.id, user.login)).collect()
            }
            Backend::Absent => BTreeMap::new(),
        })
    }

    /// The names of roles.
    pub(crate) async fn role_names(&self, roles: &[RoleId]) -> Answer<BTreeMap<RoleId, String>> {
        let named = |name: &str| roles.iter().map(|role| (*role, name.to_owned())).collect();
        match self {
            Backend::Database(reader) => Ok(reader.role_names(roles).await?),
            _ => Ok(self.without_roles().map(named).unwrap_or_default()),
        }
    }

    /// The text that sessions show instead of a role, if the ERP has no roles.
    pub(crate) fn without_roles(&self) -> Option<&'static str> {
        matches!(self, Backend::Odoo(_)).then_some("Odoo has no roles")
    }

    /// A role. Odoo has none.
    pub(crate) async fn role(&self, role: RoleId) -> Answer<Option<Role>> {
        match self {
            Backend::Database(reader) => Ok(reader.role(role).await?),
            _ => Ok(None),
        }
    }

    /// The current administrator rights of a user with a role of a client.
    pub(crate) async fn administration(
        &self,
        user: UserId,
        role: RoleId,
        client: ClientId,
    ) -> Answer<Administration> {
        match self {
            Backend::Database(reader) => Ok(reader.administration(user, role, client).await?),
            Backend::Odoo(source) if source.client() == client => {
                let standing = source.standing(user).await?;
                let mut administration = Administration::default();
                administration.user_is_admitted = standing.is_admitted;
                administration.of_client = standing.is_administrator;
                Ok(administration)
            }
            _ => Ok(Administration::default()),
        }
    }

    /// The users among the given ones that the ERP no longer admits. Not for Odoo, whose sessions are checked
    /// individually.
    pub(crate) async fn barred_users(&self, users: &[UserId]) -> Answer<BTreeSet<UserId>> {
        match self {
            Backend::Database(reader) => Ok(reader.barred_users(users).await?),
            _ => Ok(BTreeSet::new()),
        }
    }
}
