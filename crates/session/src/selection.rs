//! `OrgSelection`: organizations of one tree, and some that are not in it.

use std::collections::BTreeSet;

use org_structure::{OrgId, OrgSet, OrgStructure, quoted_list};

/// A set of organizations, of which some may not be in the tree.
///
/// In Openbravo a role may work in organizations outside of the tree, and every role may read organization
/// `0`, even if the tree does not contain it. The order is tree order, then the rest bytewise.
///
/// # Memory
/// That of an [`OrgSet`], and 33 bytes an organization outside the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgSelection {
    // INVARIANT: `outside` ascends strictly, and none of it is in the tree.
    known: OrgSet,
    outside: Box<[OrgId]>,
}

impl OrgSelection {
    /// The set of organizations with the given ids.
    #[must_use]
    pub fn from_ids<'a>(tree: &OrgStructure, ids: impl IntoIterator<Item = &'a OrgId>) -> Self {
        Draft::from_ids(tree, ids).finish()
    }

    /// `outside` must ascend strictly.
    pub(crate) fn from_parts(mut known: OrgSet, outside: Vec<OrgId>) -> Self {
        known.shrink_to_fit();
        OrgSelection { known, outside: outside.into() }
    }

    /// The organizations that are in the tree.
    #[must_use]
    pub fn known(&self) -> &OrgSet {
        &self.known
    }

    /// The organizations that are not, ascending bytewise.
    #[must_use]
    pub fn outside(&self) -> &[OrgId] {
        &self.outside
    }

    /// Is an organization in the set? `tree` is the tree of this set.
    ///
    /// # Complexity
    /// O(1), and O(log organizations outside) for an id that is not in the tree. No allocation.
    #[must_use]
    #[inline]
    pub fn contains(&self, tree: &OrgStructure, id: &str) -> bool {
        match tree.index_of(id) {
            Some(org) => self.known.contains(org),
            None => self.outside.binary_search_by(|other| other.as_str().cmp(id)).is_ok(),
        }
    }

    /// How many organizations are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len() + self.outside.len()
    }

    /// Is no organization in the set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.outside.is_empty()
    }

    /// The ids in tree order, then those outside the tree.
    pub fn ids(&self, tree: &OrgStructure) -> impl Iterator<Item = OrgId> {
        tree.ids(&self.known).chain(self.outside.iter().copied())
    }

    /// The ids quoted and comma separated, as session variables hold them.
    #[must_use]
    pub fn quoted_list(&self, tree: &OrgStructure) -> String {
        quoted_list(self.ids(tree))
    }

    /// The heap bytes, exactly.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.known.footprint() + size_of_val::<[OrgId]>(&self.outside)
    }
}

/// A builder for a selection, in any order.
pub(crate) struct Draft<'t> {
    tree: &'t OrgStructure,
    known: OrgSet,
    outside: BTreeSet<OrgId>,
}

impl<'t> Draft<'t> {
    pub(crate) fn from_ids<'a>(tree: &'t OrgStructure, ids: impl IntoIterator<Item = &'a OrgId>) -> Self {
        let mut outside = BTreeSet::new();
        let known = ids.into_iter().filter_map(|id| {
            let org = tree.index_of(id.as_str());
            if org.is_none() {
                outside.insert(*id);
            }
            org
        });
        Draft { tree, known: known.collect(), outside }
    }

    /// The union of the natural trees of the organizations. One that is not in the tree adds only itself.
    pub(crate) fn natural_trees(&self) -> Self {
        Draft { known: self.tree.natural_trees(&self.known), outside: self.outside.clone(), tree: self.tree }
    }

    pub(crate) fn contains(&self, id: &OrgId) -> bool {
        match self.tree.index_of(id.as_str()) {
            Some(org) => self.known.contains(org),
            None => self.outside.contains(id),
        }
    }

    pub(crate) fn add(&mut self, id: &OrgId) {
        match self.tree.index_of(id.as_str()) {
            Some(org) => {
                self.known.insert(org);
            }
            None => {
                self.outside.insert(*id);
            }
        }
    }

    pub(crate) fn remove(&mut self, id: &OrgId) {
        match self.tree.index_of(id.as_str()) {
            Some(org) => {
                self.known.remove(org);
            }
            None => {
                self.outside.remove(id);
            }
        }
    }

    pub(crate) fn finish(self) -> OrgSelection {
        OrgSelection::from_parts(self.known, self.outside.into_iter().collect())
    }
}
