//! `CompanySource`: Odoo's companies as the organization tree of sessions.

use std::sync::Arc;

use org_structure::{BuildError, BuildOutcome, Finding, OrgFlags, OrgId, OrgRow, OrgStructure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use session::{
    ClientId, CompanyFacts, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, RoleId, Session,
    async_trait,
};

use crate::company_users::archived_too;
use crate::{Call, CompanyFilter, OdooClient, OdooError};

/// What stands for the role in a session: Odoo has none.
const ROLE: RoleId = RoleId::ZERO;

/// A source of sessions whose organizations are Odoo's companies (`res.company`) with their branches.
///
/// A user works in the companies that it was given (`res.users.company_ids`) and in no others: nothing is
/// inherited up or down the tree, and there is no organization that stands for all. Every company is ready
/// for transactions; a company without a parent is the legal entity of its branches, as Odoo's `root_id` has
/// it. Ids are the numbers of the records. Guests of the portal get no session: the rules that Odoo has for
/// them are narrower than those for companies.
///
/// **Which credential loads the tree** is your choice when you make the source: its client should be a user
/// that sees all companies. An ordinary user sees only its own; what lies between them would be missing, and
/// each would be a root.
///
/// Odoo keeps no revision of its companies: the greatest `write_date`, the count and the greatest id stay
/// what they were after some changes, such as a restored backup. So each login reads the rows, those that
/// come together by one request, and equal trees are recognized by their fingerprint.
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
    /// The companies of the database that `odoo` is a client of, under a name for the tenant.
    #[must_use]
    pub fn new(odoo: OdooClient, client: ClientId) -> Self {
        CompanySource { odoo, client }
    }

    /// The client by which the tree is loaded.
    #[must_use]
    pub fn odoo(&self) -> &OdooClient {
        &self.odoo
    }

    /// The name of the tenant.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// The names of all companies, in the order in which Odoo shows them.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer, or the loader may not read companies.
    pub async fn names(&self) -> Result<Vec<CompanyName>, OdooError> {
        let call = Call::search_read("res.company", json!([]), &["name"]).context(&archived_too());
        let rows: Vec<NameRow> = self.odoo.call(call).await?;
        let named = |row: NameRow| Some(CompanyName { id: org_id(row.id)?, name: row.name });
        Ok(rows.into_iter().filter_map(named).collect())
    }
}

/// Why there is no tree of companies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompanyTreeError {
    /// Odoo does not answer, or the loader may not read companies.
    #[error(transparent)]
    Odoo(#[from] OdooError),
    /// The companies form no tree.
    #[error(transparent)]
    Tree(#[from] BuildError),
}

/// The name of a company.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompanyName {
    /// The company.
    pub id: OrgId,
    /// Its name.
    pub name: String,
}

#[derive(Deserialize)]
struct NameRow {
    id: i64,
    name: String,
}

/// The context that a session's calls to Odoo carry, so that Odoo answers them as the session does: all of
/// the user's companies are active, and the one that was chosen at login or by
/// [`switch_org`](session::SessionManager::switch_org) comes first, for which new records are made.
///
/// Odoo refuses the context if the user has lost one of the companies.
#[must_use]
pub fn company_context(session: &Session) -> Map<String, Value> {
    let Ok(chosen) = session.org().as_str().parse::<i64>() else { return Map::new() };
    let own = CompanyFilter::own(session);
    let others = own.ids().iter().copied().filter(|company| *company != chosen);
    let companies: Vec<i64> = [chosen].into_iter().chain(others).collect();
    Map::from_iter([("allowed_company_ids".to_owned(), json!(companies))])
}

/// A company as Odoo tells it. A missing value of any type is `false`.
#[derive(Deserialize)]
pub(crate) struct Company {
    id: i64,
    active: bool,
    /// `[4, "name"]`.
    parent_id: Value,
    /// Ids from the root down: `3/4/6/`. Absent where Odoo has no branches yet (before 17).
    #[serde(default)]
    parent_path: Value,
}

impl Company {
    /// The company above: the last but one of the path, or what the record refers to.
    fn parent(&self) -> Option<i64> {
        let path = self.parent_path.as_str().unwrap_or_default().trim_end_matches('/');
        let mut upwards = path.rsplit('/').map(str::parse::<i64>);
        match upwards.next() {
            Some(Ok(own)) if own == self.id => upwards.next()?.ok(),
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
    /// The tree of all companies as it is now, with what is odd about it.
    ///
    /// # Errors
    /// [`CompanyTreeError`] if Odoo does not answer, or the companies make no tree.
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
        // That there are several companies at the top, and none that stands for all, is nothing odd in Odoo.
        built.findings.retain(|finding| matches!(finding, Finding::DanglingParent { .. }));
        Ok(built)
    }

    pub(crate) async fn companies(&self) -> Result<Vec<Company>, OdooError> {
        let every = archived_too();
        let ask = |fields: &[&str]| Call::search_read("res.company", json!([]), fields).context(&every);
        match self.odoo.call(ask(&["active", "parent_id", "parent_path"])).await {
            // A version whose companies have no path says that the field is unknown.
            Err(OdooError::Rejected { .. }) => self.odoo.call(ask(&["active", "parent_id"])).await,
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

/// A shared source, as a session manager takes it.
impl From<CompanySource> for Arc<dyn OrgSource> {
    fn from(source: CompanySource) -> Self {
        Arc::new(source)
    }
}
