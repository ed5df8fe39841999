//! The rule of readable and writable organizations.

use std::collections::{BTreeMap, BTreeSet};

use org_structure::{OrgId, OrgStructure};

use super::{OrgAccess, RoleFacts};
use crate::access::GrantedOrgs;
use crate::selection::Draft;
use crate::{ClientId, OrgSelection, RoleAccess};

/// The rule for an automatic role (`ad_role.ismanual = 'N'`), which differs between versions of the ERP.
///
/// The default grants less. Choose [`OfClient`](Self::OfClient) only for an ERP that is known to follow it;
/// `erp-db` detects that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutomaticRoles {
    /// The organizations of its access rows, like a manual role: Etendo, and Openbravo before October 2023.
    #[default]
    ByRows,
    /// The organizations of its client, less those that an inactive access row denies: Openbravo since
    /// October 2023.
    OfClient,
}

/// Options of the access rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessOptions<'a> {
    /// How automatic roles are treated.
    pub automatic_roles: AutomaticRoles,
    /// Organizations that are writable without a row: those that a process has just created.
    pub additional_writable: &'a [OrgId],
    /// The client to work in; the role's own if `None`.
    pub current_client: Option<ClientId>,
    /// "What if the role's access rows for these organizations were inactive?"
    pub inactive_access: &'a [OrgId],
    /// "What if these organizations were inactive?"
    pub inactive_orgs: &'a [OrgId],
}

impl RoleFacts {
    /// What the role may read and write in a tree, by Openbravo's rule.
    ///
    /// The *active list* are the organizations of active access rows that are active themselves, those of an
    /// automatic role, and the additional writable ones. Writable are: `0` for levels that include system or
    /// client; the active list, but never `0` for the organization level; the additional ones. Readable are:
    /// `0`; and all organizations of the current client if the active list has `0`, in the tree or not,
    /// inactive ones included; else the natural trees of **all** organizations of the active list, also
    /// of those that lie within another's.
    ///
    /// The order of the rows has no influence. The client's organizations must have been read if
    /// [`needs_organizations_of`](Self::needs_organizations_of) says so.
    ///
    /// # Complexity
    /// O(rows × log n).
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgId, OrgRow, OrgStructure};
    /// use session::openbravo::{AccessOptions, AccessedOrganization, OrgAccess, RoleFacts};
    /// use session::{ClientId, RoleId, UserLevel};
    ///
    /// let tree = OrgStructure::build([
    ///     OrgRow::new("0"),
    ///     OrgRow::new("Spain").under("0"),
    ///     OrgRow::new("Madrid").under("Spain"),
    ///     OrgRow::new("Sevilla").under("Spain"),
    /// ])?
    /// .structure;
    /// let client = ClientId::new("C")?;
    /// let row = |org: &str| OrgAccess {
    ///     org: org.parse().unwrap(),
    ///     client,
    ///     active: true,
    ///     organization: Some(AccessedOrganization { client, active: true }),
    /// };
    /// let role = RoleFacts {
    ///     id: RoleId::new("R")?,
    ///     client,
    ///     level: UserLevel::new("  O")?,
    ///     manual: true,
    ///     active: true,
    ///     accesses: vec![row("Madrid"), row("Spain")],
    ///     organizations: vec![],
    /// };
    /// let access = role.access(&tree, &AccessOptions::default());
    /// // Madrid's natural tree has Spain in it, but only Spain's own has Sevilla.
    /// assert!(access.readable().contains(&tree, "Sevilla"));
    /// assert!(!access.writable().contains(&tree, "Sevilla"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn access(&self, tree: &OrgStructure, options: &AccessOptions<'_>) -> RoleAccess {
        let facts = EffectiveRows::new(self, options);
        let active = Draft::from_ids(tree, facts.active());

        let mut readable = if active.contains(&OrgId::ZERO) {
            let client = options.current_client.unwrap_or(self.client);
            let organizations =
                self.organizations.iter().filter(|organization| organization.client == client);
            Draft::from_ids(tree, organizations.map(|organization| &organization.id))
        } else {
            active.natural_trees()
        };
        readable.add(&OrgId::ZERO);

        let mut writable = active;
        if self.level.writes_zero() {
            writable.add(&OrgId::ZERO);
        }
        if self.level.is_organization() {
            writable.remove(&OrgId::ZERO);
        }
        options.additional_writable.iter().for_each(|org| writable.add(org));

        RoleAccess {
            level: self.level.clone(),
            readable: readable.finish(),
            writable: writable.finish(),
            granted: facts.granted(tree),
        }
    }

    /// The organizations in which the role works: those of active rows that are active themselves, those of
    /// an automatic role, the additional writable ones.
    #[must_use]
    pub fn active_list(&self, options: &AccessOptions<'_>) -> BTreeSet<OrgId> {
        EffectiveRows::new(self, options).active().copied().collect()
    }

    /// Does the role work in an organization?
    pub(super) fn works_in(&self, options: &AccessOptions<'_>, org: &OrgId) -> bool {
        EffectiveRows::new(self, options).active().any(|active| active == org)
    }

    /// The organization with the largest id in which the role works.
    pub(super) fn last_active(&self, options: &AccessOptions<'_>) -> Option<OrgId> {
        EffectiveRows::new(self, options).active().max().copied()
    }
}

/// The rows of a role, with the options that decide which of them are active.
struct EffectiveRows<'a> {
    role: &'a RoleFacts,
    options: &'a AccessOptions<'a>,
    inactive_access: BTreeSet<OrgId>,
    inactive_orgs: BTreeSet<OrgId>,
    /// The organizations that inactive rows deny to an automatic role.
    denied: BTreeSet<OrgId>,
}

impl<'a> EffectiveRows<'a> {
    fn new(role: &'a RoleFacts, options: &'a AccessOptions<'a>) -> Self {
        let mut effective = EffectiveRows {
            role,
            options,
            inactive_access: options.inactive_access.iter().copied().collect(),
            inactive_orgs: options.inactive_orgs.iter().copied().collect(),
            denied: BTreeSet::new(),
        };
        if effective.is_automatic() {
            let denials = role.accesses.iter().filter(|row| !effective.is_row_active(row));
            effective.denied = denials.map(|row| row.org).collect();
        }
        effective
    }

    fn is_automatic(&self) -> bool {
        !self.role.manual && self.options.automatic_roles == AutomaticRoles::OfClient
    }

    fn is_row_active(&self, row: &OrgAccess) -> bool {
        row.active && !self.inactive_access.contains(&row.org)
    }

    fn active_rows(&self) -> impl Iterator<Item = &OrgAccess> {
        self.role.accesses.iter().filter(|row| self.is_row_active(row))
    }

    /// The active list, unordered and with duplicates.
    fn active(&self) -> impl Iterator<Item = &OrgId> {
        let rows = self.active_rows().filter(|row| {
            row.organization.is_some_and(|organization| organization.active)
                && !self.inactive_orgs.contains(&row.org)
        });
        rows.map(|row| &row.org).chain(self.automatic()).chain(self.options.additional_writable)
    }

    /// The organizations that an automatic role has without a row.
    fn automatic(&self) -> impl Iterator<Item = &OrgId> {
        let role = self.role;
        let level = role.level.trim();
        let has = |levels: &[&str]| self.is_automatic() && levels.contains(&level);
        let own =
            has(&["CO", "O"]).then_some(&role.organizations).into_iter().flatten().filter(|organization| {
                organization.client == role.client
                    && organization.active
                    && !organization.id.is_zero()
                    && !self.inactive_orgs.contains(&organization.id)
            });
        let zero = has(&["S", "C", "CO"]).then_some(&OrgId::ZERO);
        own.map(|organization| &organization.id).chain(zero).filter(|org| !self.denied.contains(*org))
    }

    /// The source of `#User_Org` and `#User_Client`: active rows, also of inactive organizations.
    fn granted(&self, tree: &OrgStructure) -> Box<[GrantedOrgs]> {
        let mut clients: BTreeMap<ClientId, Vec<&OrgId>> = BTreeMap::new();
        for row in self.active_rows() {
            clients.entry(row.client).or_default().push(&row.org);
        }
        if self.is_automatic() {
            let by_row: BTreeSet<&OrgId> = self.active_rows().map(|row| &row.org).collect();
            for org in self.automatic().filter(|org| !by_row.contains(org)) {
                clients.entry(self.role.client).or_default().push(org);
            }
        }
        let group = |(client, orgs)| GrantedOrgs { client, orgs: OrgSelection::from_ids(tree, orgs) };
        clients.into_iter().map(group).collect()
    }
}
