//! The login's own check: may this user take this role, in this client and organization?

use org_structure::OrgId;

use super::{AccessOptions, ClientFacts, RoleFacts, UserFacts};
use crate::{ClientId, Principal, RoleId, UserId};

/// The rows that decide about one login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginFacts {
    /// The user asked for; `None` if there is none.
    pub user: Option<UserFacts>,
    /// The role that [`UserFacts::role_to_take`] names; `None` if there is none.
    pub role: Option<RoleFacts>,
    /// The client of that role; `None` if there is none.
    pub client: Option<ClientFacts>,
}

/// Why a login was refused. Another try fails until the data changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such user.
    #[error("there is no user `{user}`")]
    UnknownUser {
        /// The user.
        user: UserId,
    },
    /// The user is not active.
    #[error("user `{user}` is not active")]
    InactiveUser {
        /// The user.
        user: UserId,
    },
    /// The user is locked out.
    #[error("user `{user}` is locked out")]
    LockedUser {
        /// The user.
        user: UserId,
    },
    /// No role was chosen, and the user may take none.
    #[error("user `{user}` may take no role")]
    NoRole {
        /// The user.
        user: UserId,
    },
    /// The user may not take the role, or there is no such role.
    #[error("user `{user}` may not take role `{role}`")]
    RoleNotGiven {
        /// The user.
        user: UserId,
        /// The role.
        role: RoleId,
    },
    /// The role is not active.
    #[error("role `{role}` is not active")]
    InactiveRole {
        /// The role.
        role: RoleId,
    },
    /// The role belongs to another client than the user, who is not the built-in administrator.
    #[error("role `{role}` belongs to client `{role_client}`, but user `{user}` does not")]
    RoleOfAnotherClient {
        /// The user.
        user: UserId,
        /// The role.
        role: RoleId,
        /// The client of the role.
        role_client: ClientId,
    },
    /// The role does not work in the client that was asked for.
    #[error("role `{role}` belongs to client `{role_client}`, not to client `{client}`")]
    ClientNotGiven {
        /// The role.
        role: RoleId,
        /// The client of the role.
        role_client: ClientId,
        /// The client asked for.
        client: ClientId,
    },
    /// The client does not exist or is not active.
    #[error("client `{client}` is not active")]
    InactiveClient {
        /// The client.
        client: ClientId,
    },
    /// The role has no active access to the organization that was asked for.
    #[error("role `{role}` has no active access to organization `{org}`")]
    OrgNotGiven {
        /// The role.
        role: RoleId,
        /// The organization asked for.
        org: OrgId,
    },
    /// The organization that was asked for is not active.
    #[error("organization `{org}` is not active")]
    InactiveOrg {
        /// The organization asked for.
        org: OrgId,
    },
    /// The organization that was asked for belongs to another client.
    #[error("organization `{org}` belongs to client `{org_client}`, not to client `{client}`")]
    OrgOfAnotherClient {
        /// The organization asked for.
        org: OrgId,
        /// The client that it belongs to.
        org_client: ClientId,
        /// The client of the login.
        client: ClientId,
    },
}

impl LoginFacts {
    /// Checks user, role and client of a login. Returns the role without access rows that name other clients'
    /// organizations.
    ///
    /// The built-in administrator, user `100` of client `0`, may take a role of any client that it was given.
    /// For any other user, the role belongs to the user's own client.
    ///
    /// # Errors
    /// [`Refusal`], the first thing that is wrong: user, link to the role, role, client, in this order.
    ///
    /// # Examples
    /// ```
    /// use session::openbravo::{
    ///     ClientFacts, LinkedRole, LoginFacts, Refusal, RoleFacts, UserFacts, UserRole,
    /// };
    /// use session::{ClientId, Principal, RoleId, UserId, UserLevel};
    ///
    /// let (client, role, user) = (ClientId::new("C")?, RoleId::new("R")?, UserId::new("U")?);
    /// let linked = LinkedRole { client, active: true, client_active: true };
    /// let facts = LoginFacts {
    ///     user: Some(UserFacts {
    ///         id: user,
    ///         client,
    ///         active: true,
    ///         locked: false,
    ///         default_role: None,
    ///         default_org: None,
    ///         roles: vec![UserRole { role, active: true, linked: Some(linked) }],
    ///     }),
    ///     role: Some(RoleFacts {
    ///         id: role,
    ///         client,
    ///         level: UserLevel::new("  O")?,
    ///         manual: true,
    ///         active: true,
    ///         accesses: vec![],
    ///         organizations: vec![],
    ///     }),
    ///     client: Some(ClientFacts { id: client, active: true }),
    /// };
    /// assert_eq!(facts.clone().check(&Principal::new(user))?.id, role);
    ///
    /// let other = RoleId::new("S")?;
    /// let refusal = facts.check(&Principal::new(user).with_role(other)).unwrap_err();
    /// assert_eq!(refusal, Refusal::RoleNotGiven { user, role: other });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(self, principal: &Principal) -> Result<RoleFacts, Refusal> {
        let user_id = principal.user;
        let user = self.user.as_ref().filter(|user| user.id == user_id);
        let user = user.ok_or(Refusal::UnknownUser { user: user_id })?;
        if !user.active {
            return Err(Refusal::InactiveUser { user: user_id });
        }
        if user.locked {
            return Err(Refusal::LockedUser { user: user_id });
        }
        let role_id = user.role_to_take(principal).ok_or(Refusal::NoRole { user: user_id })?;
        let is_given = user.roles.iter().any(|link| link.role == role_id && link.active);
        // The same error whether the role does not exist or is not the user's, so that ids cannot be probed.
        let role = self.role.filter(|role| role.id == role_id && is_given);
        let mut role = role.ok_or(Refusal::RoleNotGiven { user: user_id, role: role_id })?;
        if !role.active {
            return Err(Refusal::InactiveRole { role: role_id });
        }
        if !user.may_work_in(role.client) {
            return Err(Refusal::RoleOfAnotherClient {
                user: user_id,
                role: role_id,
                role_client: role.client,
            });
        }
        if let Some(client) = principal.client.filter(|client| *client != role.client) {
            return Err(Refusal::ClientNotGiven { role: role_id, role_client: role.client, client });
        }
        if !self.client.is_some_and(|client| client.id == role.client && client.active) {
            return Err(Refusal::InactiveClient { client: role.client });
        }
        if let Some(org) = principal.org {
            check_client_of(&role, org)?;
        }
        role.remove_other_clients();
        Ok(role)
    }
}

fn check_client_of(role: &RoleFacts, org: OrgId) -> Result<(), Refusal> {
    let row = role.accesses.iter().find(|row| row.org == org);
    match row.and_then(|row| row.organization) {
        Some(organization) if ![role.client, ClientId::ZERO].contains(&organization.client) => {
            Err(Refusal::OrgOfAnotherClient { org, org_client: organization.client, client: role.client })
        }
        _ => Ok(()),
    }
}

impl RoleFacts {
    /// The organization that a login starts in: the requested one; else `default`, if the role works there;
    /// else the one with the largest id in which it works; else `0`.
    ///
    /// # Errors
    /// [`Refusal::OrgNotGiven`] or [`Refusal::InactiveOrg`] if the role does not work in the requested
    /// organization.
    pub fn current_org(
        &self,
        options: &AccessOptions<'_>,
        asked: Option<OrgId>,
        default: Option<OrgId>,
    ) -> Result<OrgId, Refusal> {
        let Some(org) = asked else {
            let default = default.filter(|org| self.works_in(options, org));
            return Ok(default.or_else(|| self.last_active(options)).unwrap_or(OrgId::ZERO));
        };
        if self.works_in(options, &org) {
            return Ok(org);
        }
        let row = self.accesses.iter().find(|row| row.org == org && row.active);
        Err(match row {
            Some(_) => Refusal::InactiveOrg { org },
            None => Refusal::OrgNotGiven { role: self.id, org },
        })
    }
}
