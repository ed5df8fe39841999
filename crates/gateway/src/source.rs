//! `ErpSource`: what sessions ask of an ERP's database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use erp_db::{ErpReader, ReadError, Role};
use org_structure::OrgId;
use session::openbravo::{
    AccessedOrganization, ClientFacts, ClientOrganization, LoginFacts, OrgAccess, RoleFacts, UserFacts,
    UserRole,
};
use session::{
    ClientId, Facts, LoadedTree, OrgSource, PortError, Principal, Revision, RoleId, UserId, UserLevel,
};

/// Reads trees, users and roles from Openbravo's tables. No revisions are kept, so each login after the first of a moment loads the
/// tree and shares the one that is there already if they are equal.
#[derive(Clone, Debug)]
pub struct ErpSource {
    reader: ErpReader,
}

impl ErpSource {
    /// A source over a reader.
    #[must_use]
    pub fn new(reader: ErpReader) -> Self {
        ErpSource { reader }
    }
}

#[async_trait]
impl OrgSource for ErpSource {
    async fn revision(&self, _client: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(None)
    }

    async fn load_tree(&self, client: &ClientId) -> Result<LoadedTree, PortError> {
        let loaded = self.reader.load_tree(client.as_str()).await.map_err(failed)?;
        Ok(LoadedTree { structure: loaded.structure, revision: None })
    }

    async fn facts(&self, principal: &Principal) -> Result<Facts, PortError> {
        let mut facts = LoginFacts::default();
        let Some(user) = self.user(&principal.user).await? else { return Ok(openbravo(facts)) };
        let role = user.role_to_take(principal.role);
        facts.user = Some(user);
        let Some(role) = role else { return Ok(openbravo(facts)) };
        let Some(role) = self.reader.role(role.as_str()).await.map_err(failed)? else {
            return Ok(openbravo(facts));
        };
        let role = self.role(&role).await?;
        let clients = self.reader.clients().await.map_err(failed)?;
        let client = clients.into_iter().find(|client| client.id == role.client.as_str());
        facts.client = client.map(|client| ClientFacts { id: role.client, active: client.active });
        facts.role = Some(role);
        Ok(openbravo(facts))
    }
}

impl ErpSource {
    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, PortError> {
        let Some(user) = self.reader.user(id.as_str()).await.map_err(failed)? else { return Ok(None) };
        let mut roles = Vec::new();
        for row in self.reader.user_roles(id.as_str()).await.map_err(failed)? {
            roles.push(UserRole {
                role: RoleId::new(&row.role).map_err(PortError::permanent)?,
                active: row.active,
            });
        }
        Ok(Some(UserFacts {
            id: *id,
            client: ClientId::new(&user.client).map_err(PortError::permanent)?,
            active: user.active,
            locked: user.locked,
            // A default that cannot be an id is no default.
            default_role: user.default_role.as_deref().and_then(|role| RoleId::new(role).ok()),
            default_org: user.default_org.as_deref().and_then(|org| OrgId::new(org).ok()),
            roles,
        }))
    }

    async fn role(&self, role: &Role) -> Result<RoleFacts, PortError> {
        let mut accesses = Vec::new();
        for row in self.reader.role_org_accesses(&role.id).await.map_err(failed)? {
            let organization = match row.organization {
                Some(organization) => Some(AccessedOrganization {
                    client: ClientId::new(&organization.client).map_err(PortError::permanent)?,
                    active: organization.active,
                }),
                None => None,
            };
            let client = ClientId::new(&row.client).map_err(PortError::permanent)?;
            accesses.push(OrgAccess { org: row.org, client, active: row.active, organization });
        }
        let mut facts = RoleFacts {
            id: RoleId::new(&role.id).map_err(PortError::permanent)?,
            client: ClientId::new(&role.client).map_err(PortError::permanent)?,
            level: UserLevel::new(&role.user_level).map_err(PortError::permanent)?,
            manual: role.manual,
            active: role.active,
            accesses,
            organizations: Vec::new(),
        };
        let needed: BTreeSet<ClientId> = facts.needs_organizations_of(facts.client);
        for client in needed {
            let organizations = self.reader.organizations_of_client(client.as_str()).await.map_err(failed)?;
            facts.organizations.extend(organizations.iter().map(|org| ClientOrganization {
                id: org.id,
                client,
                active: org.active,
            }));
        }
        Ok(facts)
    }
}

fn openbravo(facts: LoginFacts) -> Facts {
    Facts::Openbravo(Box::new(facts))
}

fn failed(error: ReadError) -> PortError {
    if error.is_transient() { PortError::transient(error) } else { PortError::permanent(error) }
}
