//! `OrgSet`: a set of organizations of one tree.

use core::ops::Range;

use roaring::RoaringBitmap;

use crate::OrgIndex;

/// A set of organizations of one [`OrgStructure`](crate::OrgStructure): a roaring bitmap of [`OrgIndex`]es.
///
/// Trees compute sets when asked and keep none; a set belongs to the caller. Iteration is in tree order.
///
/// # Memory
/// Subtrees and ancestors are runs: a natural tree of any size takes at most `4 * (log2(n) + 1)` bytes for each
/// 65,536 organizations that it touches, and 40 bytes of administration, once [`trimmed`](Self::trimmed).
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("USA").under("0")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let [spain, usa] = ["Spain", "USA"].map(|id| tree.index_of(id).unwrap());
///
/// let mut readable = tree.natural_tree(spain);
/// assert!(!readable.contains(usa));
/// readable.extend_with(&tree.natural_tree(usa));
/// assert_eq!(readable.len(), 3);
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub(crate) fn of_range(range: Range<u32>) -> Self {
        let mut set = OrgSet::new();
        set.bitmap.insert_range(range);
        set
    }

    /// The set of the ranks in some ranges, which ascend and do not overlap.
    ///
    /// # Complexity
    /// O(ranges), however long they are, and one step for each 65,536 ranks.
    pub(crate) fn of_ranges(ranges: &[Range<u32>]) -> Self {
        let mut bitmap = RoaringBitmap::new();
        let is_long = |range: &&Range<u32>| range.len() > 2;
        if ranges.iter().any(|range| is_long(&range)) {
            // The long ones first: a container that begins as a run takes any further range as one, where a list of values
            // is given every value.
            let short = ranges.iter().filter(|range| !is_long(range));
            for range in ranges.iter().filter(is_long).chain(short) {
                bitmap.insert_range(range.clone());
            }
        } else {
            // Nothing is refused, as the ranges ascend.
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
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = OrgIndex> {
        self.bitmap.iter().map(OrgIndex::new)
    }

    /// The ranks as ranges, ascending and with a gap between any two.
    ///
    /// # Complexity
    /// O(log n) a range, however long it is.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        let mut rest = self.bitmap.iter();
        // No rank is the largest number.
        core::iter::from_fn(move || {
            rest.next_range().map(|range| *range.start()..range.end().saturating_add(1))
        })
    }

    /// Adds all organizations of another set of the same tree.
    pub fn extend_with(&mut self, other: &OrgSet) {
        self.bitmap |= &other.bitmap;
    }

    /// Keeps only the organizations that are in another set of the same tree as well.
    pub fn retain_in(&mut self, other: &OrgSet) {
        self.bitmap &= &other.bitmap;
    }

    /// Is every organization of this set in another set of the same tree?
    #[must_use]
    pub fn is_subset(&self, other: &OrgSet) -> bool {
        self.bitmap.is_subset(&other.bitmap)
    }

    /// The set in as few bytes as it can be held in: for sets that are kept.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        self.bitmap.optimize();
        // A copy allocates exactly what it holds.
        OrgSet { bitmap: self.bitmap.clone() }
    }

    /// The heap bytes of a [`trimmed`](Self::trimmed) set, exactly; of any other set a lower bound.
    #[must_use]
    pub fn footprint(&self) -> usize {
        // The library's own figures count capacities in other units; what a trimmed set allocates follows from its
        // counts: 40 bytes a container, 2 a listed value, 4 a run, 8,192 a bit set.
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
        // Nothing is refused, as the ranks ascend.
        let _ = bitmap.append(ranks);
        OrgSet { bitmap }
    }
}

/// How a set is written: its ranks, ascending.
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
