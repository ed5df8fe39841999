//! An in-memory ERP: any number of clients with a tree each, and users with little or full access.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use org_structure::OrgId;
use session::openbravo::{
    AccessedOrganization, ClientFacts, ClientOrganization, LinkedRole, LoginFacts, OrgAccess, RoleFacts,
    UserFacts, UserRole,
};
use session::{
    ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, RoleId, UserId, UserLevel,
    async_trait,
};

use super::SHAPE;
use crate::trees::{Row, build, rows};

/// The client of users without a client prefix.
const FIRST: &str = "1";

/// The access of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Three organizations.
    Few,
    /// All of them.
    All,
}

impl Access {
    const fn role(self) -> &'static str {
        match self {
            Access::Few => "FEW",
            Access::All => "ALL",
        }
    }
}

/// The ERP. Its clients are numbered, and any two have different trees.
#[derive(Debug)]
pub struct Erp {
    rows: Vec<Row>,
    /// The roles of the first client, which nearly all users take. Generating their rows takes longer than
    /// the login that reads them.
    first_roles: Vec<RoleFacts>,
    keeps_revisions: AtomicBool,
    revision: AtomicI64,
    /// How often a load yields to other tasks before it is done.
    patience: AtomicUsize,
}

impl Erp {
    /// An ERP whose trees have the given number of organizations.
    #[must_use]
    pub fn new(organizations: usize) -> Self {
        let mut erp = Erp {
            rows: rows(SHAPE, organizations),
            first_roles: Vec::new(),
            keeps_revisions: AtomicBool::new(true),
            revision: AtomicI64::new(1),
            patience: AtomicUsize::new(0),
        };
        let first = ClientId::new(FIRST).into_iter();
        erp.first_roles = first
            .flat_map(|client| [Access::Few, Access::All].map(|access| erp.role(client, access)))
            .flatten()
            .collect();
        erp
    }

    /// Stops counting changes.
    pub fn forget_revisions(&self) {
        self.keeps_revisions.store(false, Ordering::SeqCst);
    }

    /// Changes all trees, and makes loads last until the given number of logins have begun.
    pub fn change(&self, logins: usize) {
        self.patience.store(logins, Ordering::SeqCst);
        self.revision.fetch_add(1, Ordering::SeqCst);
    }

    /// A user who logs in.
    ///
    /// # Errors
    /// Never.
    pub fn principal(user: usize, client: usize, access: Access) -> anyhow::Result<Principal> {
        let user = UserId::new(&format!("{user:032X}"))?;
        let client = ClientId::new(&format!("{client:X}"))?;
        Ok(Principal::new(user).with_role(RoleId::new(access.role())?).in_client(client))
    }

    fn revision(&self) -> Option<Revision> {
        let revision = Revision::from_bits(self.revision.load(Ordering::SeqCst));
        self.keeps_revisions.load(Ordering::SeqCst).then_some(revision)
    }

    fn facts_of(&self, principal: &Principal) -> Result<LoginFacts, session::InvalidId> {
        let client = principal.client.map_or_else(|| ClientId::new(FIRST), Ok)?;
        let all = RoleId::new(Access::All.role())?;
        let access = if principal.role == Some(all) { Access::All } else { Access::Few };
        let role = RoleId::new(access.role())?;
        let known = self.first_roles.iter().find(|known| known.client == client && known.id == role);
        let user = UserFacts {
            id: principal.user,
            client,
            active: true,
            locked: false,
            default_role: None,
            default_org: None,
            roles: vec![UserRole {
                role,
                active: true,
                linked: Some(LinkedRole { client, active: true, client_active: true }),
            }],
        };
        Ok(LoginFacts {
            user: Some(user),
            role: known.cloned().or_else(|| self.role(client, access)),
            client: Some(ClientFacts { id: client, active: true }),
        })
    }

    /// A client's role.
    fn role(&self, client: ClientId, access: Access) -> Option<RoleFacts> {
        let all = access == Access::All;
        // Enough for a role with little access.
        let few = self.rows.get(..4).filter(|_| !all);
        let rows = rows_of(few.unwrap_or(&self.rows), &client);
        let id = |row: &Row| OrgId::new(&row.id).ok();
        let organization = AccessedOrganization { client, active: true };
        let given = |org| OrgAccess { org, client, active: true, organization: Some(organization) };
        let few = rows.iter().filter_map(id).filter(|org| !org.is_zero()).take(3).map(given);
        let organizations =
            rows.iter().filter_map(id).map(|id| ClientOrganization { id, client, active: true });
        Some(RoleFacts {
            id: RoleId::new(access.role()).ok()?,
            client,
            level: UserLevel::new(if all { " CO" } else { "  O" }).ok()?,
            manual: true,
            active: true,
            accesses: if all { vec![given(OrgId::ZERO)] } else { few.collect() },
            organizations: if all { organizations.collect() } else { Vec::new() },
        })
    }
}

/// The rows of a client. Each client has other ids.
fn rows_of(rows: &[Row], client: &ClientId) -> Vec<Row> {
    let name = |id: &str| match id.get(8..) {
        Some(rest) => format!("{:0>8}{rest}", client.as_str()),
        None => id.to_owned(),
    };
    let row =
        |row: &Row| Row { id: name(&row.id), parent: row.parent.as_deref().map(name), flags: row.flags };
    rows.iter().map(row).collect()
}

#[async_trait]
impl OrgSource for Erp {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(self.revision())
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        let revision = self.revision();
        let mut rows = rows_of(&self.rows, client);
        // A change that every revision shows: one organization is ready, or not.
        if self.revision.load(Ordering::SeqCst) % 2 == 0
            && let Some(row) = rows.last_mut()
        {
            row.flags.toggle(org_structure::OrgFlags::READY);
        }
        let structure = build(&rows).map_err(PortError::permanent)?;
        for _ in 0..self.patience.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        Ok(LoadedTree::new(structure, revision))
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let facts = self.facts_of(principal).map_err(PortError::permanent)?;
        Ok(Facts::Openbravo(Box::new(facts)))
    }
}
