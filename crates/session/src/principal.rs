//! `Principal`: the user that logs in, with the role and organization of their choice.

use org_structure::OrgId;

use crate::{ClientId, RoleId, UserId};

/// The user of a login, authenticated by the ERP, with the role, client and organization of their choice.
/// Anything not chosen comes from the user's defaults.
///
/// # Examples
/// ```
/// use session::{Principal, RoleId, UserId};
///
/// let principal = Principal::new(UserId::new("100")?).with_role(RoleId::new("0")?);
/// assert_eq!(principal.org, None);
/// # Ok::<(), session::InvalidId>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Principal {
    /// The user.
    pub user: UserId,
    /// The role chosen; the user's default if `None`.
    pub role: Option<RoleId>,
    /// The client chosen: a check, since it follows from the role.
    pub client: Option<ClientId>,
    /// The organization chosen; the user's default if `None`.
    pub org: Option<OrgId>,
}

impl Principal {
    /// A user with defaults for everything else.
    #[must_use]
    pub const fn new(user: UserId) -> Self {
        Principal { user, role: None, client: None, org: None }
    }

    /// The same user in a role.
    #[must_use]
    pub const fn with_role(mut self, role: RoleId) -> Self {
        self.role = Some(role);
        self
    }

    /// The same user in a client.
    #[must_use]
    pub const fn in_client(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// The same user in an organization.
    #[must_use]
    pub const fn in_org(mut self, org: OrgId) -> Self {
        self.org = Some(org);
        self
    }
}
