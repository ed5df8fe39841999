//! Questions whose answer is a set of organizations, computed on demand.

use core::ops::Range;

use crate::invariant::narrow;
use crate::{OrgFlags, OrgId, OrgIndex, OrgSet, OrgStructure};

/// Ids sorted into those that are in a tree and those that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedIds<'a> {
    /// The organizations that are in the tree.
    pub known: OrgSet,
    /// The ids that are not, in the order given.
    pub unknown: Vec<&'a str>,
}

impl OrgStructure {
    /// All organizations of the tree.
    #[must_use]
    pub fn all(&self) -> OrgSet {
        OrgSet::from_ranges(core::slice::from_ref(&(0..narrow(self.len()))))
    }

    /// The union of the natural trees of all organizations of a set.
    ///
    /// # Complexity
    /// O((m + r) log n) for m organizations whose natural trees are r ranges.
    #[must_use]
    pub fn natural_trees(&self, orgs: &OrgSet) -> OrgSet {
        let mut ranges: Vec<Range<u32>> = Vec::new();
        // The end of the last subtree added.
        let mut covered = 0;
        for org in orgs {
            let subtree = self.subtree(org);
            // Skip an organization below one that was added before, or one in no tree.
            if subtree.end <= covered {
                continue;
            }
            // A range on this path that begins before `covered` is also above the organization that was added
            // last. No range has ranks on both sides of `covered`: it would reach into that subtree.
            let start = ranges.len();
            ranges.extend(self.path_ranges(org).take_while(|range| range.start >= covered));
            if let Some(path) = ranges.get_mut(start..) {
                path.reverse();
            }
            if let Some(own) = ranges.last_mut() {
                own.end = subtree.end;
            }
            covered = subtree.end;
        }
        OrgSet::from_ranges(&ranges)
    }

    /// The organizations of a set or of a view that have all of some flags.
    ///
    /// # Complexity
    /// O(size of the set).
    #[must_use]
    pub fn with_flags(&self, flags: OrgFlags, within: impl IntoIterator<Item = OrgIndex>) -> OrgSet {
        within.into_iter().filter(|&org| self.flags(org).is_some_and(|own| own.contains(flags))).collect()
    }

    /// Sorts ids into those that are in the tree and those that are not.
    ///
    /// # Complexity
    /// O(ids).
    #[must_use]
    pub fn resolve<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> ResolvedIds<'a> {
        let mut resolved = ResolvedIds::default();
        for id in ids {
            match self.index_of(id) {
                Some(org) => {
                    resolved.known.insert(org);
                }
                None => resolved.unknown.push(id),
            }
        }
        resolved
    }

    /// The ids of a set or of a view in tree order, or of other organizations in their own order.
    pub fn ids(&self, orgs: impl IntoIterator<Item = OrgIndex>) -> impl Iterator<Item = OrgId> {
        orgs.into_iter().filter_map(|org| self.id(org))
    }

    /// The ids of a set or of a view as an array for SQL, to be bound as in `ad_org_id = ANY($1)`.
    #[must_use]
    pub fn sql_ids(&self, orgs: impl IntoIterator<Item = OrgIndex>) -> Vec<String> {
        self.ids(orgs).map(|id| id.as_str().to_owned()).collect()
    }
}
