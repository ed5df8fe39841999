//! Borrowed views of a natural tree, of ancestors and of descendants. None of them allocates.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::Range;

use crate::invariant::{at_mut, narrow};
use crate::{OrgIndex, OrgSet, OrgStructure};

/// The organizations on the path to an organization, and a range that follows it.
#[derive(Clone, Copy)]
struct Branch<'t> {
    tree: &'t OrgStructure,
    /// The requested organization. It may be in no tree.
    org: u32,
    /// Where the last range of the path ends: before or after the organization, or after its subtree. 0 if
    /// the organization is in no tree.
    end: u32,
}

impl Branch<'_> {
    #[inline]
    fn contains(&self, other: OrgIndex) -> bool {
        if other.rank() >= self.org {
            other.rank() < self.end
        } else {
            // All ends are at most the number of organizations, so nothing contains an unknown one.
            self.tree.subtree(other).end > self.org
        }
    }

    fn ranges(&self) -> ViewRanges {
        let mut path = self.tree.path_ranges(OrgIndex::new(self.org));
        let mut ranges = ViewRanges::none();
        if let Some(own) = path.next() {
            ranges.push_front(own.start..self.end);
        }
        path.for_each(|range| ranges.push_front(range));
        ranges
    }

    fn to_set(self) -> OrgSet {
        OrgSet::from_ranges(self.ranges().as_slice())
    }
}

/// An organization, its ancestors and its descendants, as a view of the tree.
///
/// # Complexity
/// O(1) to create; `contains` is two comparisons; `ranges`, `len` and `is_empty` take O(log n), `iter` O(1) a
/// step after that. Only [`to_set`](Self::to_set) allocates.
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
///
/// let rows = [
///     OrgRow::new("0"),
///     OrgRow::new("Spain").under("0"),
///     OrgRow::new("Madrid").under("Spain"),
///     OrgRow::new("USA").under("0"),
/// ];
/// let tree = OrgStructure::build(rows)?.structure;
/// let [spain, madrid, usa] = ["Spain", "Madrid", "USA"].map(|id| tree.index_of(id).unwrap());
///
/// let natural_tree = tree.natural_tree(spain);
/// assert!(natural_tree.contains(madrid) && !natural_tree.contains(usa));
/// assert_eq!(natural_tree.len(), 3);
/// assert_eq!(natural_tree.ranges().collect::<Vec<_>>(), [0..3]);
/// assert_eq!(tree.sql_ids(natural_tree), ["0", "Spain", "Madrid"]);
///
/// // A set of one's own, to add to.
/// let mut readable = natural_tree.to_set();
/// readable.extend(tree.natural_tree(usa));
/// assert_eq!(readable.len(), 4);
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct NaturalTree<'t>(Branch<'t>);

/// The organizations above one, with or without itself, as a view of the tree.
///
/// # Complexity
/// As [`NaturalTree`].
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("Madrid").under("Spain")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let madrid = tree.index_of("Madrid").unwrap();
///
/// assert_eq!(tree.quoted_list(tree.ancestors(madrid, false)), "'0','Spain'");
/// assert!(tree.ancestors(madrid, true).contains(madrid));
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Ancestors<'t>(Branch<'t>);

/// The organizations below one, with or without itself, as a view of the tree: one range.
///
/// # Complexity
/// O(1) for all methods, except one step per organization for `iter` and [`to_set`](Self::to_set).
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("Spain").under("0"), OrgRow::new("Madrid").under("Spain")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let zero = tree.index_of("0").unwrap();
///
/// assert_eq!(tree.sql_ids(tree.descendants(zero, false)), ["Spain", "Madrid"]);
/// assert_eq!(tree.descendants(zero, true).len(), 3);
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Descendants<'t> {
    tree: PhantomData<&'t OrgStructure>,
    start: u32,
    end: u32,
}

impl Descendants<'_> {
    #[inline]
    fn contains_rank(&self, rank: u32) -> bool {
        self.start <= rank && rank < self.end
    }
}

impl OrgStructure {
    /// An organization, its ancestors and its descendants; empty if it is not in the tree.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    #[inline]
    pub fn natural_tree(&self, org: OrgIndex) -> NaturalTree<'_> {
        // The organizations below one follow directly after its own range.
        NaturalTree(Branch { tree: self, org: org.rank(), end: self.subtree(org).end })
    }

    /// The organizations above one, with or without itself; empty if it is not in the tree.
    ///
    /// For their order, nearest first, see [`path_to_root`](Self::path_to_root).
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    #[inline]
    pub fn ancestors(&self, org: OrgIndex, include_self: bool) -> Ancestors<'_> {
        let is_known = !self.subtree(org).is_empty();
        let end = if is_known { org.rank() + u32::from(include_self) } else { 0 };
        Ancestors(Branch { tree: self, org: org.rank(), end })
    }

    /// The organizations below one, with or without itself; empty if it is not in the tree.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    #[inline]
    pub fn descendants(&self, org: OrgIndex, include_self: bool) -> Descendants<'_> {
        let Range { start, end } = self.subtree(org);
        Descendants { tree: PhantomData, start: start + u32::from(!include_self), end }
    }
}

/// Ascending ranges of ranks that do not touch: those of a view.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct ViewRanges {
    // INVARIANT: the ranges from `next` on are still to come. None is empty.
    ranges: [Range<u32>; ViewRanges::MOST],
    next: usize,
}

impl ViewRanges {
    /// From each range of a path to the next, the subtree at least doubles, so there is at most one range for
    /// each bit of a rank.
    const MOST: usize = u32::BITS as usize;

    fn none() -> Self {
        ViewRanges { ranges: [const { 0..0 }; ViewRanges::MOST], next: ViewRanges::MOST }
    }

    /// One range, or none if it is empty.
    fn one(range: Range<u32>) -> Self {
        let mut ranges = Self::none();
        ranges.push_front(range);
        ranges
    }

    /// Puts a range before the others, unless it is empty.
    fn push_front(&mut self, range: Range<u32>) {
        if !range.is_empty() {
            // A path has at most `MOST` ranges.
            self.next -= 1;
            *at_mut(&mut self.ranges, narrow(self.next)) = range;
        }
    }

    pub(crate) fn as_slice(&self) -> &[Range<u32>] {
        self.ranges.get(self.next..).unwrap_or_default()
    }

    fn count_ranks(&self) -> usize {
        self.as_slice().iter().map(ExactSizeIterator::len).sum()
    }
}

impl Iterator for ViewRanges {
    type Item = Range<u32>;

    fn next(&mut self) -> Option<Range<u32>> {
        let range = self.ranges.get(self.next)?.clone();
        self.next += 1;
        Some(range)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.as_slice().len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for ViewRanges {}
impl FusedIterator for ViewRanges {}

/// The organizations of a view, in tree order.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct ViewIter {
    ranges: ViewRanges,
    current: Range<u32>,
    left: usize,
}

impl ViewIter {
    fn new(ranges: ViewRanges) -> Self {
        ViewIter { left: ranges.count_ranks(), current: 0..0, ranges }
    }
}

impl Iterator for ViewIter {
    type Item = OrgIndex;

    #[inline]
    fn next(&mut self) -> Option<OrgIndex> {
        let rank = match self.current.next() {
            Some(rank) => rank,
            None => {
                self.current = self.ranges.next()?;
                self.current.next()?
            }
        };
        self.left -= 1;
        Some(OrgIndex::new(rank))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for ViewIter {}
impl FusedIterator for ViewIter {}

macro_rules! view {
    ($view:ident, |$self:ident, $other:ident| $contains:expr, $ranges:expr, $set:expr) => {
        impl $view<'_> {
            /// Is the organization in the view?
            ///
            /// # Complexity
            /// O(1): two comparisons.
            #[must_use]
            #[inline]
            pub fn contains(&$self, $other: OrgIndex) -> bool {
                $contains
            }

            /// How many organizations are in the view?
            #[must_use]
            pub fn len(&self) -> usize {
                self.ranges().count_ranks()
            }

            /// Is the view empty?
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.ranges().next().is_none()
            }

            /// The organizations in tree order.
            pub fn iter(&self) -> ViewIter {
                ViewIter::new(self.ranges())
            }

            /// The ranks as ranges, ascending and with a gap between any two: at most `log2(n) + 1`.
            pub fn ranges(&$self) -> ViewRanges {
                $ranges
            }

            /// The organizations as a set of the caller's own.
            ///
            /// # Complexity
            /// O(ranges), however long they are.
            #[must_use]
            pub fn to_set(&$self) -> OrgSet {
                $set
            }
        }

        impl From<$view<'_>> for OrgSet {
            fn from(view: $view<'_>) -> Self {
                view.to_set()
            }
        }

        impl IntoIterator for $view<'_> {
            type Item = OrgIndex;
            type IntoIter = ViewIter;

            fn into_iter(self) -> ViewIter {
                self.iter()
            }
        }

        impl IntoIterator for &$view<'_> {
            type Item = OrgIndex;
            type IntoIter = ViewIter;

            fn into_iter(self) -> ViewIter {
                self.iter()
            }
        }

        impl fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($view))?;
                f.debug_list().entries(self.ranges()).finish()
            }
        }
    };
}

view!(NaturalTree, |self, other| self.0.contains(other), self.0.ranges(), self.0.to_set());
view!(Ancestors, |self, other| self.0.contains(other), self.0.ranges(), self.0.to_set());
view!(
    Descendants,
    |self, other| self.contains_rank(other.rank()),
    ViewRanges::one(self.start..self.end),
    OrgSet::from_range(self.start..self.end)
);
