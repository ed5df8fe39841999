//! `RoleAccess`: what a role may read and write in one tree.

use org_structure::{OrgId, OrgStructure, quoted_list};

use crate::{ClientId, OrgSelection, UserLevel};

/// What a role may read and write in one tree, computed once from its rows.
///
/// Valid only with the tree that it was computed for. Created by
/// [`openbravo::RoleFacts::access`](crate::openbravo::RoleFacts::access) or
/// [`CompanyFacts::access`](crate::CompanyFacts::access), or decoded from its [canonical
/// bytes](Self::encode).
///
/// # Memory
/// The two selections, and the clients and organizations of the role's own list; see
/// [`footprint`](Self::footprint).
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
/// use session::{AccessHash, CompanyFacts, RoleAccess};
///
/// let tree = OrgStructure::build([OrgRow::new("1"), OrgRow::new("2").under("1")])?.structure;
/// let facts = CompanyFacts {
///     client: "C".parse()?,
///     role: "R".parse()?,
///     companies: vec!["2".parse()?, "9".parse()?],
///     default: "2".parse()?,
/// };
/// let access = facts.access(&tree);
/// assert!(access.readable().contains(&tree, "2") && !access.readable().contains(&tree, "1"));
/// assert_eq!(access.writable().quoted_list(&tree), "'2','9'");
/// // A company that is not in the tree.
/// assert_eq!(access.writable().outside(), ["9"]);
///
/// // Stored as canonical bytes, under their hash.
/// let bytes = access.encode(tree.fingerprint());
/// assert_eq!(RoleAccess::decode(&bytes, &tree, tree.fingerprint())?, access);
/// println!("{}", AccessHash::from_canonical(&bytes));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAccess {
    pub(crate) level: UserLevel,
    pub(crate) readable: OrgSelection,
    pub(crate) writable: OrgSelection,
    // INVARIANT: clients ascend strictly, and no group is empty.
    pub(crate) granted: Box<[GrantedOrgs]>,
}

/// The organizations that a role was given by rows of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GrantedOrgs {
    pub(crate) client: ClientId,
    pub(crate) orgs: OrgSelection,
}

impl RoleAccess {
    /// The role's user level.
    #[must_use]
    pub fn level(&self) -> &UserLevel {
        &self.level
    }

    /// The organizations whose records the role may read. Organization `0` is one of them by Openbravo's
    /// rule.
    #[must_use]
    pub fn readable(&self) -> &OrgSelection {
        &self.readable
    }

    /// The organizations whose records the role may write.
    #[must_use]
    pub fn writable(&self) -> &OrgSelection {
        &self.writable
    }

    /// Is there no organization in which the role may write?
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.writable.is_empty()
    }

    /// The clients of the rows that give the role its organizations, ascending (`#User_Client`).
    pub fn granted_clients(&self) -> impl Iterator<Item = ClientId> {
        self.granted.iter().map(|group| group.client)
    }

    /// The organizations that the role was given, ordered by the client of the row, then by id (`#User_Org`).
    ///
    /// Unlike [`writable`](Self::writable) this includes inactive organizations, and the level has no
    /// influence.
    #[must_use]
    pub fn granted_orgs(&self, tree: &OrgStructure) -> Vec<OrgId> {
        let mut orgs = Vec::new();
        for group in &self.granted {
            let start = orgs.len();
            orgs.extend(group.orgs.ids(tree));
            if let Some(added) = orgs.get_mut(start..) {
                added.sort_unstable();
            }
        }
        orgs
    }

    /// The session variable `#User_Org` as Openbravo's context helper returns it without a window: `'0'`
    /// alone for system and client levels, without `'0'` for the organization level, else with `'0'` in front
    /// if it is missing.
    ///
    /// Openbravo turns a lone `'0'` into `'0','0'`; this method does not.
    #[must_use]
    pub fn user_org_as_read(&self, tree: &OrgStructure) -> String {
        let level = self.level.as_stored();
        if level.contains('S') || level == " C" {
            return quoted_list([OrgId::ZERO]);
        }
        let mut orgs = self.granted_orgs(tree);
        if level == "  O" {
            orgs.retain(|org| !org.is_zero());
        } else if !orgs.contains(&OrgId::ZERO) {
            orgs.insert(0, OrgId::ZERO);
        }
        quoted_list(orgs)
    }

    /// The heap bytes, exactly.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.level.footprint()
            + self.readable.footprint()
            + self.writable.footprint()
            + size_of_val::<[GrantedOrgs]>(&self.granted)
            + self.granted.iter().map(|group| group.orgs.footprint()).sum::<usize>()
    }
}
