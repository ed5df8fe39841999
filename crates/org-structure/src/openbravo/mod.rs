//! Openbravo's `OrganizationStructureProvider`, method by method, for migration.
//!
//! The core of this crate speaks of [`OrgIndex`]es and says "unknown" by type. Openbravo speaks of id
//! strings, which may be null, and has an answer for every one of them: an unknown organization is its own
//! natural tree, and `0` is in all natural trees. [`OrganizationStructureProvider`] gives exactly those
//! answers, as of the version merged in February 2018 (3.0PR18Q2), with `closest` and the time zone added
//! later.
//!
//! The rules that are asked by index are methods of [`OrgStructure`]: [`level`](OrgStructure::level),
//! [`closest`](OrgStructure::closest), [`quoted_list`](OrgStructure::quoted_list).
//!
//! "Unknown" is an id that is not in the tree: one of another client, over-long, empty, or null (`None`).
//!
//! | there | here | what differs, and why |
//! | --- | --- | --- |
//! | `getNaturalTree` | [`natural_tree`](OrganizationStructureProvider::natural_tree) | dangling parents, see below |
//! | `isInNaturalTree` | [`is_in_natural_tree`](OrganizationStructureProvider::is_in_natural_tree) | takes ids, not objects; builds no set |
//! | `getParentOrg` (both) | [`parent_org`](OrganizationStructureProvider::parent_org) | a dangling parent is no parent; there its id came back although no such organization exists |
//! | `getParentList` | [`parent_list`](OrganizationStructureProvider::parent_list) | ends at a dangling parent, which there was its last element; always ends, there a cycle never did |
//! | `getParentTree` | [`parent_tree`](OrganizationStructureProvider::parent_tree) | as the list |
//! | `getChildOrg` | [`child_org`](OrganizationStructureProvider::child_org) | in tree order; never loads the tree anew |
//! | `getChildTree` | [`child_tree`](OrganizationStructureProvider::child_tree) | one range, at any depth; there it copied a set a level and overflowed the stack |
//! | `getLegalEntity` | [`legal_entity`](OrganizationStructureProvider::legal_entity) | the id, not the object |
//! | `getLegalEntityOrBusinessUnit` | [`legal_entity_or_business_unit`](OrganizationStructureProvider::legal_entity_or_business_unit) | the id |
//! | `getPeriodControlAllowedOrganization` | [`period_control_allowed`](OrganizationStructureProvider::period_control_allowed) | the id |
//! | `getChildLegalEntitesList` | [`child_legal_entities`](OrganizationStructureProvider::child_legal_entities) | in tree order; the order there is unspecified |
//! | `getLegalEntitiesList`, `getLegalEntitiesListForSelectedClient` | [`legal_entities`](OrganizationStructureProvider::legal_entities) | answered from the tree of the provider's client; there a query at each call, which also finds organizations outside the tree |
//! | `getTransactionAllowedOrgs` | [`transaction_allowed_orgs`](OrganizationStructureProvider::transaction_allowed_orgs) | an element that is one single quote is unknown; there it failed |
//! | `getBOBInClosestOrg` | [`closest`](OrganizationStructureProvider::closest) | records are (id, organization id) pairs |
//! | `getPropertyFromNode` | [`time_zone`](OrganizationStructureProvider::time_zone) | the one property it is used for, and the flags are on [`OrgStructure`]; there it was reflective |
//! | `getClientId`, `setClientId` | [`client_id`](OrganizationStructureProvider::client_id), [`set_client`](OrganizationStructureProvider::set_client) | another client comes with its tree; there the old client's tree went on being served |
//! | `reInitialize` | [`re_initialize`](OrganizationStructureProvider::re_initialize) | the new tree replaces the old one as a whole; there a reader could meet a half-filled map |
//! | database function `AD_ISORGINCLUDED` | [`is_org_included`](OrganizationStructureProvider::is_org_included) | walks the tree, not `ad_org_tree` |
//! | database function `AD_ORG_ISINNATURALTREE` | [`sql_is_in_natural_tree`](OrganizationStructureProvider::sql_is_in_natural_tree) | a bool, not `Y` or `N` |
//!
//! Cases that do not exist here, because [`OrgStructure::build`] decides them before there is a tree:
//!
//! * **Dangling parents** (a parent that is not in the tree): the organization is a root. There the id of the
//!   parent appeared in natural trees and parent lists, so that `isInNaturalTree` answered differently for
//!   (a, b) and (b, a).
//! * **Duplicate nodes** (a node in two trees, or twice in one): refused with a typed error; there the last
//!   row won.
//! * **Cycles**: refused with a typed error that names the organizations; there every walk upwards went on
//!   for ever.

mod rules;

use std::borrow::Cow;

pub use rules::quoted_list;

use crate::{OrgFlags, OrgId, OrgIndex, OrgSet, OrgStructure};

/// The answers of Openbravo's class of the same name, from one client's tree.
///
/// It borrows the tree and is as cheap to create as to copy. Methods that answer yes or no, or with
/// one organization, do not allocate.
///
/// # Examples
/// ```
/// use org_structure::openbravo::OrganizationStructureProvider;
/// use org_structure::{OrgRow, OrgStructure};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("USA").under("0")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let provider = OrganizationStructureProvider::new("23C59575B9CF467C9620760EB255B389", &tree);
///
/// assert_eq!(provider.natural_tree(Some("Spain")).to_quoted_list(), "'0','Spain'");
/// assert_eq!(provider.natural_tree(Some("unknown")).to_quoted_list(), "'unknown'");
/// assert!(provider.is_in_natural_tree(Some("0"), Some("unknown")));
/// assert!(!provider.is_in_natural_tree(Some("Spain"), Some("USA")));
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OrganizationStructureProvider<'t> {
    client: &'t str,
    tree: &'t OrgStructure,
}

impl<'t> OrganizationStructureProvider<'t> {
    /// A provider for one client, with that client's tree.
    #[must_use]
    pub const fn new(client: &'t str, tree: &'t OrgStructure) -> Self {
        OrganizationStructureProvider { client, tree }
    }

    /// The client whose tree this is.
    #[must_use]
    pub const fn client_id(&self) -> &'t str {
        self.client
    }

    /// The tree behind the answers.
    #[must_use]
    pub const fn structure(&self) -> &'t OrgStructure {
        self.tree
    }

    /// Switches to another client.
    pub const fn set_client(&mut self, client: &'t str, tree: &'t OrgStructure) {
        *self = Self::new(client, tree);
    }

    /// Switches to a newer tree of the same client.
    pub const fn re_initialize(&mut self, tree: &'t OrgStructure) {
        self.tree = tree;
    }

    /// Ancestors, itself and descendants. Unknown: just that id.
    ///
    /// # Complexity
    /// O(log n).
    #[must_use]
    pub fn natural_tree<'a>(&self, org: Option<&'a str>) -> Orgs<'a>
    where
        't: 'a,
    {
        self.answer(org, true, |org| self.tree.natural_tree(org).to_set())
    }

    /// Is the second organization in the natural tree of the first? True at once if either is `0`, even if
    /// the other is unknown; an unknown organization is in its own natural tree and in no other.
    ///
    /// # Complexity
    /// O(1): two hash probes and two comparisons, no allocation.
    #[must_use]
    #[inline]
    pub fn is_in_natural_tree(&self, org1: Option<&str>, org2: Option<&str>) -> bool {
        if org1 == Some("0") || org2 == Some("0") {
            return true;
        }
        match (self.find(org1), self.find(org2)) {
            (Some(org1), Some(org2)) => self.tree.is_in_natural_tree(org1, org2),
            (None, None) => org1 == org2,
            _ => false,
        }
    }

    /// The parent. None for a root, and for an unknown organization.
    #[must_use]
    pub fn parent_org(&self, org: Option<&str>) -> Option<OrgId> {
        self.tree.parent(self.find(org)?).and_then(|parent| self.tree.id(parent))
    }

    /// The ancestors, nearest first, up to the root; with or without the organization. Unknown: itself or
    /// nothing.
    #[must_use]
    pub fn parent_list<'a>(&self, org: Option<&'a str>, include_org: bool) -> Vec<Option<Cow<'a, str>>> {
        let skipped = usize::from(!include_org);
        match self.find(org) {
            Some(org) => {
                let ids = self.tree.path_to_root(org).skip(skipped).filter_map(|org| self.tree.id(org));
                ids.map(|id| Some(Cow::Owned(id.as_str().to_owned()))).collect()
            }
            None => core::iter::once(org.map(Cow::Borrowed)).skip(skipped).collect(),
        }
    }

    /// The ancestors as a set, with or without the organization. Unknown: itself or nothing.
    #[must_use]
    pub fn parent_tree<'a>(&self, org: Option<&'a str>, include_org: bool) -> Orgs<'a>
    where
        't: 'a,
    {
        self.answer(org, include_org, |org| self.tree.ancestors(org, include_org).to_set())
    }

    /// The organizations directly below. Unknown: none.
    #[must_use]
    pub fn child_org<'a>(&self, org: Option<&'a str>) -> Orgs<'a>
    where
        't: 'a,
    {
        self.answer(org, false, |org| self.tree.children(org).collect())
    }

    /// All organizations below, with or without the organization. Unknown: itself or nothing.
    #[must_use]
    pub fn child_tree<'a>(&self, org: Option<&'a str>, include_org: bool) -> Orgs<'a>
    where
        't: 'a,
    {
        self.answer(org, include_org, |org| self.tree.descendants(org, include_org).to_set())
    }

    /// The nearest legal entity from the organization upwards, with or without accounting.
    #[must_use]
    pub fn legal_entity(&self, org: Option<&str>) -> Option<OrgId> {
        self.nearest(org, OrgFlags::LEGAL_ENTITY)
    }

    /// The nearest business unit from the organization upwards.
    #[must_use]
    pub fn business_unit(&self, org: Option<&str>) -> Option<OrgId> {
        self.nearest(org, OrgFlags::BUSINESS_UNIT)
    }

    /// The nearest legal entity or business unit from the organization upwards: the nearer of the two.
    #[must_use]
    pub fn legal_entity_or_business_unit(&self, org: Option<&str>) -> Option<OrgId> {
        self.nearest(org, OrgFlags::LEGAL_ENTITY | OrgFlags::BUSINESS_UNIT)
    }

    /// The nearest organization from here upwards that opens and closes its own periods.
    #[must_use]
    pub fn period_control_allowed(&self, org: Option<&str>) -> Option<OrgId> {
        self.nearest(org, OrgFlags::PERIOD_CONTROL)
    }

    /// The nearest organization from here upwards that has a calendar.
    #[must_use]
    pub fn calendar_owner(&self, org: Option<&str>) -> Option<OrgId> {
        self.tree.nearest_calendar_owner(self.find(org)?).and_then(|owner| self.tree.id(owner))
    }

    /// The legal entities below the organization, itself excluded.
    #[must_use]
    pub fn child_legal_entities<'a>(&self, org: Option<&'a str>) -> Orgs<'a>
    where
        't: 'a,
    {
        self.answer(org, false, |org| {
            self.tree.with_flags(OrgFlags::LEGAL_ENTITY, self.tree.descendants(org, false))
        })
    }

    /// The active legal entities of the tree.
    #[must_use]
    pub fn legal_entities(&self) -> Orgs<'t> {
        let known = self.tree.with_flags(OrgFlags::LEGAL_ENTITY | OrgFlags::ACTIVE, self.tree.all());
        Orgs { tree: self.tree, known, unknown: None }
    }

    /// Of a comma-separated list, those organizations that are ready and whose type allows transactions:
    /// quoted, in the order given, duplicates kept.
    ///
    /// An element that begins with a single quote loses its first and its last character. Elements are not
    /// trimmed: after `", "` an element begins with a blank, is unknown, and is left out, as in Openbravo.
    #[must_use]
    pub fn transaction_allowed_orgs(&self, orgs: &str) -> String {
        let allowed = OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
        quoted_list(orgs.split(',').map(unquote).filter(|org| {
            self.find(Some(org)).and_then(|org| self.tree.flags(org)).is_some_and(|own| own.contains(allowed))
        }))
    }

    /// The id of the record whose organization is closest: of those in the parent list the nearest, else of
    /// those in the child tree any, among equals the record with the smallest id. None without records or
    /// without an organization.
    ///
    /// Records are (record id, organization id).
    #[must_use]
    pub fn closest<'r>(
        &self,
        records: impl IntoIterator<Item = (&'r str, &'r str)>,
        org: Option<&str>,
    ) -> Option<&'r str> {
        let asked = org?;
        match self.find(org) {
            Some(org) => {
                let known = records.into_iter();
                self.tree
                    .closest(org, known.filter_map(|(record, owner)| Some((record, self.find(Some(owner))?))))
            }
            // The parent list of an unknown organization is itself, and nothing is below it.
            None => records.into_iter().filter(|&(_, owner)| owner == asked).map(|(record, _)| record).min(),
        }
    }

    /// The time zone of the organization itself, if it has one.
    #[must_use]
    pub fn time_zone(&self, org: Option<&str>) -> Option<&'t str> {
        self.tree.time_zone(self.find(org)?)
    }

    /// The level of `parent` above `org` (1 for itself), or None where the database function
    /// `AD_ISORGINCLUDED` answers -1: a null, an unknown organization, one that is not ready or is reached
    /// only through one that is not, and `0` below anything but itself.
    ///
    /// The function also takes a client; ask the provider of that client. For a client that does not exist it
    /// answers -1.
    #[must_use]
    pub fn is_org_included(&self, org: Option<&str>, parent: Option<&str>) -> Option<u32> {
        if org == Some("0") {
            return (parent == Some("0")).then_some(1);
        }
        let (org, parent) = (self.find(org)?, self.find(parent)?);
        let level = self.tree.level(org, parent)?;
        let unready = self.tree.first_upwards(org, |flags| !flags.contains(OrgFlags::READY));
        unready.is_none_or(|unready| unready < parent.rank()).then_some(level)
    }

    /// Is one organization included in the other, either way round, as the database function
    /// `AD_ORG_ISINNATURALTREE` answers?
    #[must_use]
    pub fn sql_is_in_natural_tree(&self, one: Option<&str>, other: Option<&str>) -> bool {
        self.is_org_included(one, other).or_else(|| self.is_org_included(other, one)).is_some()
    }

    #[inline]
    fn find(&self, org: Option<&str>) -> Option<OrgIndex> {
        self.tree.index_of(org?)
    }

    fn nearest(&self, org: Option<&str>, flags: OrgFlags) -> Option<OrgId> {
        self.tree.nearest(self.find(org)?, flags).and_then(|nearest| self.tree.id(nearest))
    }

    /// A set for an organization of the tree; for any other id itself or nothing.
    fn answer<'a>(
        &self,
        org: Option<&'a str>,
        include_org: bool,
        set: impl FnOnce(OrgIndex) -> OrgSet,
    ) -> Orgs<'a>
    where
        't: 'a,
    {
        let (known, unknown) = match self.find(org) {
            Some(org) => (set(org), None),
            None => (OrgSet::new(), Some(org).filter(|_| include_org)),
        };
        Orgs { tree: self.tree, known, unknown }
    }
}

/// An element of a quoted list without its quotes.
fn unquote(element: &str) -> &str {
    let Some(inner) = element.strip_prefix('\'') else { return element };
    let mut chars = inner.chars();
    match chars.next_back() {
        // The ERP's Java drops half of a surrogate pair. No organization has the remaining text as its id.
        Some(last) if last.len_utf16() > 1 => "",
        _ => chars.as_str(),
    }
}

/// A set as Openbravo answers it: organizations of the tree, or else just the requested id.
#[derive(Clone, Debug)]
pub struct Orgs<'a> {
    tree: &'a OrgStructure,
    known: OrgSet,
    unknown: Option<Option<&'a str>>,
}

impl<'a> Orgs<'a> {
    /// The organizations that are in the tree.
    #[must_use]
    pub fn known(&self) -> &OrgSet {
        &self.known
    }

    /// Is the id in the set?
    #[must_use]
    pub fn contains(&self, org: Option<&str>) -> bool {
        self.unknown == Some(org)
            || org.and_then(|org| self.tree.index_of(org)).is_some_and(|org| self.known.contains(org))
    }

    /// How many ids are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len() + usize::from(self.unknown.is_some())
    }

    /// Is there no id in the set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids in tree order; an id that is not in the tree comes last. `None` is the requested null.
    pub fn iter(&self) -> impl Iterator<Item = Option<Cow<'a, str>>> {
        let known = self.tree.ids(&self.known).map(|id| Some(Cow::Owned(id.as_str().to_owned())));
        known.chain(self.unknown.map(|unknown| unknown.map(Cow::Borrowed)))
    }

    /// The ids quoted and comma separated, as session variables hold them; a null is left out.
    #[must_use]
    pub fn to_quoted_list(&self) -> String {
        quoted_list(self.iter().flatten())
    }
}
