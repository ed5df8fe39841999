//! `CompanySource`: Odoo's companies as the organization tree of sessions.

use std::sync::Arc;

use org_structure::{OrgFlags, OrgId, OrgRow, OrgStructure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use session::{
    ClientId, CompanyFacts, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, RoleId, Session,
    async_trait,
};

use crate::{Call, OdooClient, OdooError};

/// What stands for the role in a session: Odoo has none.
const ROLE: RoleId = RoleId::ZERO;

/// A source of sessions whose organizations are Odoo's companies (`res.company`) with their branches.
///
/// A user works in the companies that it was given (`res.users.company_ids`) and in no others: nothing is
/// inherited up or down the tree, and there is no organization that stands for all. Every company is ready
/// for transactions; a company without a parent is the legal entity of its branches, as Odoo's `root_id` has
/// it. Ids are the numbers of the records.
///
/// **Which credential loads the tree** is the choice of whoever makes the source: its client should be a user
/// that sees all companies. An ordinary user sees only its own; what lies between them would be missing, and
/// each would be a root.
///
/// Odoo keeps no revision of its companies, so equal trees are recognized by their fingerprint.
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
}

/// The context that a session's calls to Odoo carry: they see and write records of the company that was
/// chosen at login or by
/// [`switch_org`](session::SessionManager::switch_org), and of no other.
#[must_use]
pub fn company_context(session: &Session) -> Map<String, Value> {
    let company = session.org().as_str().parse::<i64>();
    company
        .map(|company| Map::from_iter([("allowed_company_ids".to_owned(), json!([company]))]))
        .unwrap_or_default()
}

/// A company as Odoo tells it. What has no value comes as `false`, whatever its type.
#[derive(Deserialize)]
struct Company {
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
    company_id: Value,
    company_ids: Vec<i64>,
}

/// The record that a many2one field refers to.
fn referred(field: &Value) -> Option<i64> {
    field.as_array()?.first()?.as_i64()
}

impl CompanySource {
    async fn companies(&self) -> Result<Vec<Company>, OdooError> {
        let every = json!({"active_test": false}).as_object().cloned().unwrap_or_default();
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
        let companies = self.companies().await.map_err(port_error)?;
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
        let built = OrgStructure::build(rows).map_err(PortError::permanent)?;
        Ok(LoadedTree::new(built.structure, None).with_findings(built.findings))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let Ok(user) = principal.user.as_str().parse::<i64>() else { return Ok(Facts::Companies(None)) };
        let call = Call::read("res.users", &[user], &["active", "company_id", "company_ids"]);
        let users: Vec<User> = match self.odoo.call(call).await {
            Ok(users) => users,
            Err(OdooError::Missing { .. }) => Vec::new(),
            Err(error) => return Err(port_error(error)),
        };
        let user = users.into_iter().find(|user| user.active);
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
