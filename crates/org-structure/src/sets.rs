//! Questions whose answer is a set of organizations, computed when asked.

use core::ops::Range;

use crate::column::narrow;
use crate::{OrgFlags, OrgId, OrgIndex, OrgSet, OrgStructure};

/// Ids sorted into those that are in a tree and those that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved<'a> {
    /// The organizations that are in the tree.
    pub known: OrgSet,
    /// The ids that are not, in the order given.
    pub unknown: Vec<&'a str>,
}

impl OrgStructure {
    /// All organizations of the tree.
    #[must_use]
    pub fn all(&self) -> OrgSet {
        OrgSet::of_range(0..narrow(self.len()))
    }

    /// An organization, its ancestors and its descendants; empty if it is not in the tree.
    ///
    /// To ask about one organization only, [`is_in_natural_tree`](Self::is_in_natural_tree) is a hundred times cheaper.
    ///
    /// # Complexity
    /// O(log n), whatever the size of the set.
    #[must_use]
    pub fn natural_tree(&self, org: OrgIndex) -> OrgSet {
        let mut path = Path::new(self, org);
        // What lies below an organization follows on its own range.
        path.end_at(self.subtree(org).end);
        OrgSet::of_ranges(path.ranges())
    }

    /// The natural trees of all organizations of a set, together.
    ///
    /// # Complexity
    /// O((m + r) log n) for m organizations whose natural trees are r ranges.
    #[must_use]
    pub fn natural_trees(&self, orgs: &OrgSet) -> OrgSet {
        let mut ranges: Vec<Range<u32>> = Vec::new();
        let mut covered = 0;
        let mut last = None;
        for org in orgs.iter() {
            let subtree = self.subtree(org);
            // Below an organization that was here before, or in another tree.
            if subtree.end <= covered {
                continue;
            }
            // What is above this one and not above the last one comes after it.
            let start = ranges.len();
            let new = last.map_or(0, |last: OrgIndex| last.rank() + 1);
            let path = self.path_ranges(org).take_while(|range| range.end > new);
            ranges.extend(path.map(|range| range.start.max(new)..range.end));
            if let Some(path) = ranges.get_mut(start..) {
                path.reverse();
            }
            if let Some(own) = ranges.last_mut() {
                own.end = subtree.end;
            }
            (covered, last) = (subtree.end, Some(org));
        }
        OrgSet::of_ranges(&ranges)
    }

    /// The organizations above one, with or without itself; empty if it is not in the tree.
    ///
    /// For their order, nearest first, see [`path_to_root`](Self::path_to_root).
    ///
    /// # Complexity
    /// O(log n): the set is at most `log2(n) + 1` ranges.
    #[must_use]
    pub fn ancestors(&self, org: OrgIndex, include_self: bool) -> OrgSet {
        let mut path = Path::new(self, org);
        if !include_self {
            path.end_at(org.rank());
        }
        OrgSet::of_ranges(path.ranges())
    }

    /// The organizations below one, with or without itself; empty if it is not in the tree.
    ///
    /// # Complexity
    /// O(1): the set is one range.
    #[must_use]
    pub fn descendants(&self, org: OrgIndex, include_self: bool) -> OrgSet {
        let mut range = self.subtree(org);
        if !include_self && !range.is_empty() {
            range.start += 1;
        }
        OrgSet::of_range(range)
    }

    /// The organizations of a set that have all of some flags.
    ///
    /// # Complexity
    /// O(size of the set).
    #[must_use]
    pub fn with_flags(&self, flags: OrgFlags, within: &OrgSet) -> OrgSet {
        within.iter().filter(|&org| self.flags(org).is_some_and(|own| own.contains(flags))).collect()
    }

    /// Sorts ids into those that are in the tree and those that are not.
    ///
    /// # Complexity
    /// O(ids).
    #[must_use]
    pub fn resolve<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Resolved<'a> {
        let mut resolved = Resolved::default();
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

    /// The ids of a set, in tree order.
    pub fn ids(&self, set: &OrgSet) -> impl Iterator<Item = OrgId> {
        set.iter().filter_map(|org| self.id(org))
    }

    /// The ids of a set as an array for SQL, to be bound as in `ad_org_id = ANY($1)`.
    #[must_use]
    pub fn sql_ids(&self, set: &OrgSet) -> Vec<String> {
        self.ids(set).map(|id| id.as_str().to_owned()).collect()
    }

    /// The ids of a set as Openbravo's session variables hold them: quoted and comma separated, in tree order.
    ///
    /// A quote within an id is doubled, so that the text may stand in an SQL statement whatever the ids are.
    /// Where the database driver allows it, bind [`sql_ids`](Self::sql_ids) instead.
    #[must_use]
    pub fn quoted_list(&self, set: &OrgSet) -> String {
        quoted_list(self.ids(set))
    }
}

/// The path from an organization to its root as ranges of ranks, the root's range first.
struct Path {
    // INVARIANT: the last `count` ranges are the path's.
    ranges: [Range<u32>; Path::LONGEST],
    count: usize,
}

impl Path {
    /// From range to range a subtree at least doubles, so there is at most one for each bit of a rank.
    const LONGEST: usize = u32::BITS as usize;

    fn new(tree: &OrgStructure, org: OrgIndex) -> Self {
        let mut path = Path { ranges: [const { 0..0 }; Path::LONGEST], count: 0 };
        for (place, range) in path.ranges.iter_mut().rev().zip(tree.path_ranges(org)) {
            *place = range;
            path.count += 1;
        }
        path
    }

    /// Lets the last range, the one with the organization itself, end elsewhere.
    fn end_at(&mut self, end: u32) {
        if let Some(last) = self.ranges.last_mut() {
            last.end = end;
        }
    }

    fn ranges(&self) -> &[Range<u32>] {
        self.ranges.get(Path::LONGEST - self.count..).unwrap_or_default()
    }
}

/// Ids quoted and comma separated, in the order given: the form in which Openbravo's session variables hold them.
///
/// A quote within an id is doubled, so that the text may stand in an SQL statement whatever the ids are.
///
/// # Examples
/// ```
/// assert_eq!(org_structure::quoted_list(["0", "O'Hara"]), "'0','O''Hara'");
/// ```
#[must_use]
pub fn quoted_list(ids: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut list = String::new();
    for id in ids {
        list.push_str(if list.is_empty() { "'" } else { ",'" });
        for (position, part) in id.as_ref().split('\'').enumerate() {
            if position > 0 {
                list.push_str("''");
            }
            list.push_str(part);
        }
        list.push('\'');
    }
    list
}
