//! `OrgSet`: a set of organizations of one tree.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use roaring::RoaringBitmap;

use crate::OrgIndex;
use crate::iter::org_iterator;

/// A set of organizations of one [`OrgStructure`](crate::OrgStructure): a roaring bitmap of [`OrgIndex`]es.
///
/// Trees compute sets on demand and store none; the caller owns the set. Iteration is in tree order.
///
/// # Memory
/// Subtrees and ancestors are runs: a natural tree of any size takes at most `4 * (log2(n) + 1)` bytes for
/// each 65,536 organizations that it touches, and 40 bytes of administration, after
/// [`shrink_to_fit`](Self::shrink_to_fit).
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgSet, OrgStructure};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("USA").under("0")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let [spain, usa] = ["Spain", "USA"].map(|id| tree.index_of(id).unwrap());
///
/// let mut readable = tree.natural_tree(spain).to_set();
/// assert!(!readable.contains(usa));
/// readable.extend(tree.natural_tree(usa));
/// assert_eq!(readable.len(), 3);
///
/// let writable: OrgSet = [spain].into_iter().collect();
/// assert!(writable.is_subset(&readable));
/// assert_eq!((&readable - &writable).len(), 2);
/// assert_eq!(readable.ranges().collect::<Vec<_>>(), [0..3]);
/// for org in &writable {
///     assert_eq!(org, spain);
/// }
/// assert!(writable.into_iter().eq([spain]));
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "Ranks", into = "Ranks")
)]
pub struct OrgSet {
    bitmap: RoaringBitmap,
}

impl Eq for OrgSet {}

impl OrgSet {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of the ranks in a range.
    pub(crate) fn from_range(range: Range<u32>) -> Self {
        let mut bitmap = RoaringBitmap::new();
        bitmap.insert_range(range);
        OrgSet { bitmap }
    }

    /// The set of the ranks in some ranges, which ascend and do not overlap.
    ///
    /// # Complexity
    /// O(ranges), however long they are, and one step for each 65,536 ranks.
    pub(crate) fn from_ranges(ranges: &[Range<u32>]) -> Self {
        let mut bitmap = RoaringBitmap::new();
        let is_long = |range: &&Range<u32>| range.len() > 2;
        if ranges.iter().any(|range| is_long(&range)) {
            // Insert the long ranges first: a container that begins as a run takes any further range as one,
            // but a list of values takes every value.
            let short = ranges.iter().filter(|range| !is_long(range));
            for range in ranges.iter().filter(is_long).chain(short) {
                bitmap.insert_range(range.clone());
            }
        } else {
            // Appending cannot fail, as the ranges ascend.
            let _ = bitmap.append(ranges.iter().cloned().flatten());
        }
        OrgSet { bitmap }
    }

    /// Adds an organization; true if it was not in the set.
    pub fn insert(&mut self, org: OrgIndex) -> bool {
        self.bitmap.insert(org.rank())
    }

    /// Takes an organization out; true if it was in the set.
    pub fn remove(&mut self, org: OrgIndex) -> bool {
        self.bitmap.remove(org.rank())
    }

    /// Is the organization in the set?
    ///
    /// # Complexity
    /// O(log runs), no allocation.
    #[must_use]
    #[inline]
    pub fn contains(&self, org: OrgIndex) -> bool {
        self.bitmap.contains(org.rank())
    }

    /// How many organizations are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.bitmap.len()).unwrap_or(usize::MAX)
    }

    /// Is no organization in the set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bitmap.is_empty()
    }

    /// The organizations in tree order.
    pub fn iter(&self) -> OrgSetIter<'_> {
        OrgSetIter { ranks: self.bitmap.iter() }
    }

    /// The ranks as ranges, ascending and with a gap between any two.
    ///
    /// # Complexity
    /// O(log n) a range, however long it is.
    pub fn ranges(&self) -> OrgSetRanges<'_> {
        OrgSetRanges { rest: self.bitmap.iter() }
    }

    /// Have this set and another set of the same tree no organization in common?
    #[must_use]
    pub fn is_disjoint(&self, other: &OrgSet) -> bool {
        self.bitmap.is_disjoint(&other.bitmap)
    }

    /// Is every organization of this set in another set of the same tree?
    #[must_use]
    pub fn is_subset(&self, other: &OrgSet) -> bool {
        self.bitmap.is_subset(&other.bitmap)
    }

    /// Shrinks the set to as few bytes as possible: for sets that are stored.
    pub fn shrink_to_fit(&mut self) {
        self.bitmap.optimize();
        // A clone allocates exactly the bytes of its content.
        self.bitmap = self.bitmap.clone();
    }

    /// The heap bytes of a set after [`shrink_to_fit`](Self::shrink_to_fit), exactly; of any other set a
    /// lower bound.
    #[must_use]
    pub fn footprint(&self) -> usize {
        // The library's own figures count capacities in other units. The allocation of a trimmed set follows
        // from its counts: 40 bytes a container, 2 a listed value, 4 a run, 8,192 a bit set.
        let counts = self.bitmap.statistics();
        let runs = counts.n_bytes_run_containers - 2 * u64::from(counts.n_run_containers);
        let bytes = 40 * u64::from(counts.n_containers)
            + 2 * u64::from(counts.n_values_array_containers)
            + runs
            + 8_192 * u64::from(counts.n_bitset_containers);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// # Complexity
/// O(m log m) for m organizations, and O(m) where they ascend.
impl FromIterator<OrgIndex> for OrgSet {
    fn from_iter<I: IntoIterator<Item = OrgIndex>>(orgs: I) -> Self {
        let mut ranks: Vec<u32> = orgs.into_iter().map(OrgIndex::rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let mut bitmap = RoaringBitmap::new();
        // Appending cannot fail, as the ranks ascend.
        let _ = bitmap.append(ranks);
        OrgSet { bitmap }
    }
}

/// The organizations of an [`OrgSet`], in tree order.
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct OrgSetIter<'a> {
    ranks: roaring::bitmap::Iter<'a>,
}

/// The organizations of a consumed [`OrgSet`], in tree order.
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct OrgSetIntoIter {
    ranks: roaring::bitmap::IntoIter,
}

org_iterator!("OrgSetIter", OrgSetIter<'_>);
org_iterator!("OrgSetIntoIter", OrgSetIntoIter);
/// The ranks of an [`OrgSet`] as ranges: see [`OrgSet::ranges`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct OrgSetRanges<'a> {
    rest: roaring::bitmap::Iter<'a>,
}

impl Iterator for OrgSetRanges<'_> {
    type Item = Range<u32>;

    fn next(&mut self) -> Option<Range<u32>> {
        // No rank is the largest number.
        self.rest.next_range().map(|range| *range.start()..range.end().saturating_add(1))
    }
}

impl FusedIterator for OrgSetRanges<'_> {}

impl fmt::Debug for OrgSetRanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgSetRanges({} organizations left)", self.rest.len())
    }
}

impl<'a> IntoIterator for &'a OrgSet {
    type Item = OrgIndex;
    type IntoIter = OrgSetIter<'a>;

    fn into_iter(self) -> OrgSetIter<'a> {
        self.iter()
    }
}

impl IntoIterator for OrgSet {
    type Item = OrgIndex;
    type IntoIter = OrgSetIntoIter;

    fn into_iter(self) -> OrgSetIntoIter {
        OrgSetIntoIter { ranks: self.bitmap.into_iter() }
    }
}

impl Extend<OrgIndex> for OrgSet {
    fn extend<I: IntoIterator<Item = OrgIndex>>(&mut self, orgs: I) {
        self.bitmap.extend(orgs.into_iter().map(OrgIndex::rank));
    }
}

/// All operators are for sets of the same tree. They take O(runs), or O(organizations) for scattered
/// organizations.
macro_rules! operator {
    ($operator:ident, $method:ident, $assign:ident, $assign_method:ident) => {
        impl core::ops::$operator for &OrgSet {
            type Output = OrgSet;

            fn $method(self, other: &OrgSet) -> OrgSet {
                OrgSet { bitmap: core::ops::$operator::$method(&self.bitmap, &other.bitmap) }
            }
        }

        impl core::ops::$assign<&OrgSet> for OrgSet {
            fn $assign_method(&mut self, other: &OrgSet) {
                core::ops::$assign::$assign_method(&mut self.bitmap, &other.bitmap);
            }
        }
    };
}

operator!(BitOr, bitor, BitOrAssign, bitor_assign);
operator!(BitAnd, bitand, BitAndAssign, bitand_assign);
operator!(Sub, sub, SubAssign, sub_assign);

/// Shows at most a few ranges, so that the output does not grow with the set.
impl fmt::Debug for OrgSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "OrgSet({} organizations: ", self.len())?;
        f.debug_list().entries(self.ranges().take(SHOWN)).finish()?;
        f.write_str(if self.ranges().nth(SHOWN).is_some() { " …)" } else { ")" })
    }
}

/// The serialized form of a set: its ranks, ascending.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Ranks(Vec<u32>);

#[cfg(feature = "serde")]
impl From<Ranks> for OrgSet {
    fn from(ranks: Ranks) -> Self {
        ranks.0.into_iter().map(OrgIndex::new).collect()
    }
}

#[cfg(feature = "serde")]
impl From<OrgSet> for Ranks {
    fn from(set: OrgSet) -> Self {
        Ranks(set.bitmap.iter().collect())
    }
}
