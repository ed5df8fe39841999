//! The records that are read from an ERP.

use org_structure::{ClientId, OrgId, RoleId, UserId};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Client {
    /// `ad_client_id`, if it can be read.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its search key (`value`).
    pub search_key: String,
    /// Whether it is active.
    pub active: bool,
    /// The columns that cannot be read, and why: they are empty or `false` here. An unreadable id is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

impl Client {
    /// An active tenant of an ERP that stores no tenants.
    #[must_use]
    pub fn named(id: ClientId, name: &str) -> Self {
        let (id, name) = (id.to_string(), name.to_owned());
        Client { search_key: String::new(), active: true, damage: None, id, name }
    }
}

/// An organization of a client, in the tree or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct OrganizationStatus {
    /// `ad_org_id`.
    pub id: OrgId,
    /// Whether it is active.
    pub active: bool,
}

/// The values that Openbravo stored for an organization when it was set ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StoredOrgInfo {
    /// `ad_legalentity_org_id`.
    pub legal_entity: Option<OrgId>,
    /// `ad_businessunit_org_id`.
    pub business_unit: Option<OrgId>,
    /// `ad_periodcontrolallowed_org_id`.
    pub period_control_allowed: Option<OrgId>,
    /// `ad_calendarowner_org_id`.
    pub calendar_owner: Option<OrgId>,
    /// `ad_inheritedcalendar_id`.
    pub inherited_calendar: Option<String>,
}

/// The relation of two organizations in the flat ancestor table `ad_org_tree`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrgTreeLevel {
    /// The second is the first (1), its parent (2), its grandparent (3), …
    Level(i64),
    /// The client has rows, but none about these two.
    NotIncluded,
    /// The client has no rows: the table is not filled, or none of its organizations is ready.
    NotFilled,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Role {
    /// `ad_role_id`.
    pub id: RoleId,
    /// The client that the role belongs to.
    pub client: ClientId,
    /// Its name.
    pub name: String,
    /// The user level exactly as stored, position blanks included: `S`, ` C`, ` CO` or `  O`.
    pub user_level: String,
    /// Are its access rows written by hand (`ismanual`)? Only `N` makes a role automatic: null and any other
    /// text are read as manual. Without the column, a role is manual.
    pub manual: bool,
    /// Does it administer its client? Without the column, it does not.
    pub client_admin: bool,
    /// Whether it is active.
    pub active: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct User {
    /// `ad_user_id`.
    pub id: UserId,
    /// The client that the user belongs to.
    pub client: ClientId,
    /// The name to log in with; a user without one cannot log in.
    pub username: Option<String>,
    /// Whether the user is active.
    pub active: bool,
    /// Whether the user is locked out.
    pub locked: bool,
    /// The client to log in to if none is chosen.
    pub default_client: Option<ClientId>,
    /// The organization to log in to if none is chosen.
    pub default_org: Option<OrgId>,
    /// The role to log in with if none is chosen.
    pub default_role: Option<RoleId>,
}

/// A row of `ad_user_roles`: a user may take a role.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct UserRoleLink {
    /// The role.
    pub role: RoleId,
    /// Whether the row is active.
    pub active: bool,
}
