//! `CompanySource`: Odoo's companies as the organization tree of sessions.

use std::sync::Arc;

use org_structure::{BuildError, BuildOutcome, Finding, OrgFlags, OrgId, OrgRow, OrgStructure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use session::{
    ClientId, CompanyFacts, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, RoleId, Session,
    async_trait,
};

use crate::company_users::with_archived;
use crate::{Call, CompanyFilter, OdooClient, OdooError};

/// The role of all sessions, because Odoo has no roles.
const ROLE: RoleId = RoleId::ZERO;

/// A source of sessions whose organizations are Odoo's companies (`res.company`) and their branches.
///
/// A user has access to the assigned companies (`res.users.company_ids`) and to no others: access is not
/// inherited up or down the tree, and there is no organization for all companies. All companies are ready and
/// allow transactions. A company without a parent is the legal entity of its branches, like Odoo's `root_id`.
/// Organization ids are the record ids. Portal users get no session, because Odoo's rules for them are
/// narrower than those for companies.
///
/// **The client of the source loads the tree**, so its user should see all companies. Odoo shows ordinary
/// users only their own companies: other companies would be missing from the tree, and their branches would
/// become roots.
///
/// Odoo has no revision of its companies: after some changes, such as a restored backup, the greatest
/// `write_date`, the count and the greatest id are the same as before. So each login reads the rows.
/// Concurrent logins share one read, and equal trees are recognized by their fingerprint.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use odoo::{CompanySource, OdooClient, OdooConfig};
/// use session::{ClientId, Principal, UserId};
///
/// let client = OdooClient::new(OdooConfig::from_env()?)?;
/// let source = CompanySource::new(client, ClientId::new("production")?);
/// let principal = Principal::new(UserId::new("6")?); // the uid that Odoo authenticated
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CompanySource {
    odoo: OdooClient,
    client: ClientId,
}

impl CompanySource {
    /// A source for the companies of the client's database, with a name for the tenant.
    #[must_use]
    pub fn new(odoo: OdooClient, client: ClientId) -> Self {
        CompanySource { odoo, client }
    }

    /// The client that loads the tree.
    #[must_use]
    pub fn odoo(&self) -> &OdooClient {
        &self.odoo
    }

    /// The name of the tenant.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// The names of all companies, in Odoo's order.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer, or the loader may not read companies.
    pub async fn names(&self) -> Result<Vec<CompanyName>, OdooError> {
        let call = Call::search_read("res.company", json!([]), &["name"]).context(&with_archived());
        let rows: Vec<NameRow> = self.odoo.call(call).await?;
        let company_name = |row: NameRow| Some(CompanyName { id: org_id(row.id)?, name: row.name });
        Ok(rows.into_iter().filter_map(company_name).collect())
    }
}

/// The tree of companies could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompanyTreeError {
    /// Odoo does not answer, or the loader may not read companies.
    #[error(transparent)]
    Odoo(#[from] OdooError),
    /// The companies do not form a tree.
    #[error(transparent)]
    Tree(#[from] BuildError),
}

/// The name of a company.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompanyName {
    /// The company.
    pub id: OrgId,
    /// The name.
    pub name: String,
}

#[derive(Deserialize)]
struct NameRow {
    id: i64,
    name: String,
}

/// The context for a session's calls to Odoo, so that Odoo answers like the session. All of the user's
/// companies are active. The company that was selected at login or with
/// [`switch_org`](session::SessionManager::switch_org) comes first; Odoo assigns new records to it.
///
/// Odoo refuses the context if the user has lost access to one of the companies.
#[must_use]
pub fn company_context(session: &Session) -> Map<String, Value> {
    let Ok(selected) = session.org().as_str().parse::<i64>() else { return Map::new() };
    let own = CompanyFilter::own(session);
    let others = own.ids().iter().copied().filter(|company| *company != selected);
    let companies: Vec<i64> = [selected].into_iter().chain(others).collect();
    Map::from_iter([("allowed_company_ids".to_owned(), json!(companies))])
}

/// A row of `res.company`. Odoo returns `false` for an empty field of any type.
#[derive(Deserialize)]
pub(crate) struct Company {
    id: i64,
    active: bool,
    /// `[4, "name"]`.
    parent_id: Value,
    /// Ids from the root to this company: `3/4/6/`. Missing before Odoo 17, which introduced branches.
    #[serde(default)]
    parent_path: Value,
}

impl Company {
    /// The parent: the last but one id of the path, or else `parent_id`.
    fn parent(&self) -> Option<i64> {
        let path = self.parent_path.as_str().unwrap_or_default().trim_end_matches('/');
        let mut upwards = path.rsplit('/').map(str::parse::<i64>);
        match upwards.next() {
            Some(Ok(id)) if id == self.id => upwards.next()?.ok(),
            _ => referred(&self.parent_id),
        }
    }
}

#[derive(Deserialize)]
struct User {
    active: bool,
    share: bool,
    company_id: Value,
    company_ids: Vec<i64>,
}

/// The record that a many2one field refers to.
fn referred(field: &Value) -> Option<i64> {
    field.as_array()?.first()?.as_i64()
}

impl CompanySource {
    /// Loads the current tree of all companies, and findings about it.
    ///
    /// # Errors
    /// [`CompanyTreeError`] if Odoo does not answer, or the companies do not form a tree.
    pub async fn tree(&self) -> Result<BuildOutcome, CompanyTreeError> {
        let companies = self.companies().await?;
        let ids: Vec<(String, Option<String>)> = companies
            .iter()
            .map(|company| (company.id.to_string(), company.parent().map(|parent| parent.to_string())))
            .collect();
        let rows = companies.iter().zip(&ids).map(|(company, (id, parent))| {
            let mut flags = OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
            flags.set(OrgFlags::ACTIVE, company.active);
            flags.set(OrgFlags::LEGAL_ENTITY, parent.is_none());
            OrgRow { parent: parent.as_deref(), ..OrgRow::new(id).with_flags(flags) }
        });
        let mut built = OrgStructure::build(rows)?;
        // Several roots and a missing organization 0 are normal in Odoo.
        built.findings.retain(|finding| matches!(finding, Finding::DanglingParent { .. }));
        Ok(built)
    }

    pub(crate) async fn companies(&self) -> Result<Vec<Company>, OdooError> {
        let context = with_archived();
        let read = |fields: &[&str]| Call::search_read("res.company", json!([]), fields).context(&context);
        match self.odoo.call(read(&["active", "parent_id", "parent_path"])).await {
            // Versions without `parent_path` reject the unknown field.
            Err(OdooError::Rejected { .. }) => self.odoo.call(read(&["active", "parent_id"])).await,
            answer => answer,
        }
    }
}

#[async_trait]
impl OrgSource for CompanySource {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        if *client != self.client {
            return Ok(LoadedTree::new(OrgStructure::default(), None));
        }
        let built = self.tree().await.map_err(|error| match error {
            CompanyTreeError::Odoo(error) => port_error(error),
            error @ CompanyTreeError::Tree(_) => PortError::permanent(error),
        })?;
        Ok(LoadedTree::new(built.structure, None).with_findings(built.findings))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let Ok(user) = principal.user.as_str().parse::<i64>() else { return Ok(Facts::Companies(None)) };
        let call = Call::read("res.users", &[user], &["active", "share", "company_id", "company_ids"]);
        let users: Vec<User> = match self.odoo.call(call).await {
            Ok(users) => users,
            Err(OdooError::Missing { .. }) => Vec::new(),
            Err(error) => return Err(port_error(error)),
        };
        let user = users.into_iter().find(|user| user.active && !user.share);
        Ok(Facts::Companies(user.and_then(|user| {
            Some(CompanyFacts {
                client: self.client,
                role: ROLE,
                companies: user.company_ids.iter().filter_map(|id| org_id(*id)).collect(),
                default: org_id(referred(&user.company_id)?)?,
            })
        })))
    }
}

fn org_id(id: i64) -> Option<OrgId> {
    OrgId::new(&id.to_string()).ok()
}

fn port_error(error: OdooError) -> PortError {
    if error.is_transient() { PortError::transient(error) } else { PortError::permanent(error) }
}

/// Converts to the type that a session manager takes.
impl From<CompanySource> for Arc<dyn OrgSource> {
    fn from(source: CompanySource) -> Self {
        Arc::new(source)
    }
}
