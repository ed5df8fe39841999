//! The rows that decide about a login, as a database delivers them.

use std::collections::BTreeSet;

use org_structure::OrgId;

use crate::{ClientId, Principal, RoleId, UserId, UserLevel};

/// A role (`ad_role`) with its organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleFacts {
    /// The role.
    pub id: RoleId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Its user level, exactly as stored.
    pub level: UserLevel,
    /// Whether its access rows are written by hand. For an automatic role,
    /// [`AutomaticRoles`](super::AutomaticRoles) decides whether only the rows count.
    pub manual: bool,
    /// Whether it is active.
    pub active: bool,
    /// All its access rows, active or not, in any order.
    pub accesses: Vec<OrgAccess>,
    /// All organizations of the clients that [`needs_organizations_of`](Self::needs_organizations_of) names,
    /// in the tree or not, active or not, in any order. Organizations of other clients may be among them.
    pub organizations: Vec<ClientOrganization>,
}

/// A row of `ad_role_orgaccess`: a role may work in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgAccess {
    /// The organization.
    pub org: OrgId,
    /// The client of this row.
    pub client: ClientId,
    /// Whether this row is active.
    pub active: bool,
    /// The organization's own row; `None` if there is none.
    pub organization: Option<AccessedOrganization>,
}

/// The organization that an access row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessedOrganization {
    /// The client that the organization belongs to.
    pub client: ClientId,
    /// Whether the organization is active.
    pub active: bool,
}

/// An organization of a client (`ad_org`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientOrganization {
    /// The organization.
    pub id: OrgId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Whether it is active.
    pub active: bool,
}

/// A user (`ad_user`) with the roles that it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFacts {
    /// The user.
    pub id: UserId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Whether it is active.
    pub active: bool,
    /// Whether it is locked out.
    pub locked: bool,
    /// The role to log in with if none is chosen.
    pub default_role: Option<RoleId>,
    /// The organization to log in to if none is chosen.
    pub default_org: Option<OrgId>,
    /// The user's rows of `ad_user_roles`, active or not, in any order.
    pub roles: Vec<UserRole>,
}

/// A row of `ad_user_roles`: a user may take a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRole {
    /// The role.
    pub role: RoleId,
    /// Whether this row is active.
    pub active: bool,
    /// The role's own row; `None` if there is none.
    pub linked: Option<LinkedRole>,
}

/// The role that a row of `ad_user_roles` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkedRole {
    /// The client that the role belongs to.
    pub client: ClientId,
    /// Whether the role is active.
    pub active: bool,
    /// Whether that client exists and is active.
    pub client_active: bool,
}

/// A client (`ad_client`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFacts {
    /// The client.
    pub id: ClientId,
    /// Whether it is active.
    pub active: bool,
}

impl UserFacts {
    /// The role of a login: the one that the principal names; else, of the usable roles, the user's default
    /// or the one with the smallest id. A role is usable if it, its client and the link to it are active, the
    /// user may work in its client, and that is the client that the principal names, if any.
    ///
    /// Without a usable role, the same choice among all active links, so that
    /// [`LoginFacts::check`](super::LoginFacts::check) can report what is wrong with it. `None` without an
    /// active link.
    #[must_use]
    pub fn role_to_take(&self, principal: &Principal) -> Option<RoleId> {
        let links = || self.roles.iter().filter(|link| link.active);
        let usable = links().filter(|link| {
            link.linked.is_some_and(|role| {
                role.active
                    && role.client_active
                    && self.may_work_in(role.client)
                    && principal.client.is_none_or(|client| client == role.client)
            })
        });
        let usable: BTreeSet<RoleId> = usable.map(|link| link.role).collect();
        let choose = |roles: BTreeSet<RoleId>| {
            self.default_role.filter(|default| roles.contains(default)).or_else(|| roles.first().copied())
        };
        principal.role.or_else(|| choose(usable)).or_else(|| choose(links().map(|link| link.role).collect()))
    }

    /// Whether the user may take roles of a client: its own, or any for the built-in administrator, user
    /// `100` of client `0`.
    pub(super) fn may_work_in(&self, client: ClientId) -> bool {
        self.client == client || self.id.as_str() == "100" && self.client == ClientId::ZERO
    }
}

impl RoleFacts {
    /// The clients whose organizations must be read before a call of [`access`](Self::access): the role's own
    /// client if the role is automatic, and the current client if the role has organization `0`.
    #[must_use]
    pub fn needs_organizations_of(&self, current_client: ClientId) -> BTreeSet<ClientId> {
        let automatic = (!self.manual).then_some(self.client);
        let has_zero = !self.manual || self.accesses.iter().any(|row| row.org.is_zero());
        automatic.into_iter().chain(has_zero.then_some(current_client)).collect()
    }

    /// Removes the access rows that name another client's organization, and returns these organizations.
    ///
    /// Openbravo's rule ignores the client of an organization. A login does not, so that clients never mix.
    pub fn remove_other_clients(&mut self) -> Vec<OrgId> {
        let own = [self.client, ClientId::ZERO];
        let mut removed = Vec::new();
        self.accesses.retain(|row| {
            let stays = row.organization.is_none_or(|organization| own.contains(&organization.client));
            if !stays {
                removed.push(row.org);
            }
            stays
        });
        removed.sort_unstable();
        removed
    }
}
