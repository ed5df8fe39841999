//! `OrgStructure`: one immutable organization tree.

use core::ops::Range;

use crate::column::Column;
use crate::invariant::narrow;
use crate::nearest::Nearest;
use crate::numbering::{chain_heads, subtree_ends};
use crate::roster::Roster;
use crate::side_table::SideTable;
use crate::{Indices, OrgFlags, OrgId, OrgIndex, Siblings};

/// One client's organization tree with its flags: immutable, and small enough to be pinned by every session.
///
/// Organizations are numbered in preorder, heaviest child first (ties by id). A subtree is then a range of
/// [`OrgIndex`]es, and the ancestors of any organization are at most `log2(n) + 1` ranges: whether one
/// organization is in the natural tree of another is two comparisons, in a flat tree as in a chain.
///
/// # Memory
/// See [`footprint`](Self::footprint): about 29 bytes an organization below 65,536 organizations and at most
/// 42 above, with one organization in ten a legal entity and one in twenty under period control.
///
/// # Examples
/// ```
/// use org_structure::{OrgFlags, OrgRow, OrgStructure};
///
/// let tree = OrgStructure::build([
///     OrgRow::new("0"),
///     OrgRow::new("Spain").under("0").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY),
///     OrgRow::new("Madrid").under("Spain").in_time_zone("Europe/Madrid"),
///     OrgRow::new("USA").under("0").with_calendar("US"),
/// ])?
/// .structure;
///
/// // One organization.
/// let [zero, spain, madrid, usa] = ["0", "Spain", "Madrid", "USA"].map(|id| tree.index_of(id).unwrap());
/// assert_eq!(tree.id(spain).unwrap(), "Spain");
/// assert!(tree.flags(spain).unwrap().contains(OrgFlags::READY));
/// assert_eq!((tree.time_zone(madrid), tree.calendar(usa)), (Some("Europe/Madrid"), Some("US")));
/// assert_eq!((tree.parent(madrid), tree.depth(madrid)), (Some(spain), Some(2)));
/// assert_eq!(tree.nearest_calendar_owner(usa), Some(usa));
///
/// // Two organizations.
/// assert!(tree.is_self_or_below(madrid, zero));
/// assert!(tree.is_in_natural_tree(madrid, spain));
/// assert!(!tree.is_in_natural_tree(madrid, usa));
/// assert_eq!(tree.nearest(madrid, OrgFlags::LEGAL_ENTITY), Some(spain));
///
/// // Many organizations, by index or by id.
/// assert_eq!((tree.len(), tree.is_empty()), (4, false));
/// assert!(tree.indices().eq([zero, spain, madrid, usa]));
/// assert!(tree.roots().eq([zero]) && tree.children(zero).eq([spain, usa]));
/// assert!(tree.path_to_root(madrid).eq([madrid, spain, zero]));
/// assert_eq!(tree.sql_ids(tree.natural_tree(spain)), ["0", "Spain", "Madrid"]);
/// assert_eq!(tree.quoted_list(tree.natural_tree(madrid)), "'0','Spain','Madrid'");
/// assert!(tree.ids(tree.descendants(zero, false)).eq(["Spain", "Madrid", "USA"]));
///
/// // Sets of the caller's own.
/// let resolved = tree.resolve(["USA", "Atlantis"]);
/// assert_eq!((resolved.known.len(), resolved.unknown), (1, vec!["Atlantis"]));
/// assert!(tree.natural_trees(&resolved.known).iter().eq([zero, usa]));
/// assert!(tree.with_flags(OrgFlags::READY, tree.all()).contains(spain));
///
/// // Bytes: what the tree takes, and how to store it.
/// assert!(tree.footprint() > 0);
/// assert_eq!(OrgStructure::decode(&tree.encode()), Ok(tree));
/// # Ok::<(), org_structure::BuildError>(())
/// ```
///
/// The default is the tree without any organization.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OrgStructure {
    // INVARIANT: all columns and the roster have one entry per organization; a parent's rank is less than its
    // child's; `subtree_end` and `chain_head` are derived from `parent`, and each `nearest_*` from those and
    // the flags.
    parent: Column,
    subtree_end: Column,
    chain_head: Column,
    pub(crate) roster: Roster,
    nearest_legal_entity: Nearest,
    nearest_business_unit: Nearest,
    nearest_period_control: Nearest,
    nearest_calendar_owner: Nearest,
    pub(crate) time_zones: SideTable,
    pub(crate) calendars: SideTable,
}

impl OrgStructure {
    /// Assembles a tree from parts in preorder, heaviest child first. `parents` are ranks.
    pub(crate) fn assemble(
        parents: &[u32],
        roster: Roster,
        time_zones: SideTable,
        calendars: SideTable,
    ) -> Self {
        let count = parents.len();
        let ends = subtree_ends(parents);
        let flagged = |flag: OrgFlags| {
            let flags = (0..).zip(roster.flags_in(0..narrow(count)));
            flags.filter(move |(_, flags)| flags.intersects(flag)).map(|(rank, _)| rank)
        };
        OrgStructure {
            nearest_legal_entity: Nearest::new(&ends, flagged(OrgFlags::LEGAL_ENTITY)),
            nearest_business_unit: Nearest::new(&ends, flagged(OrgFlags::BUSINESS_UNIT)),
            nearest_period_control: Nearest::new(&ends, flagged(OrgFlags::PERIOD_CONTROL)),
            nearest_calendar_owner: Nearest::new(&ends, calendars.ranks()),
            parent: Column::new(count, parents),
            subtree_end: Column::new(count, &ends),
            chain_head: Column::new(count, &chain_heads(parents)),
            roster,
            time_zones,
            calendars,
        }
    }

    /// How many organizations the tree has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.roster.len()
    }

    /// Is the tree empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All organizations in tree order: every one after its parent, heaviest child first.
    pub fn indices(&self) -> Indices {
        Indices::new(0..narrow(self.len()))
    }

    /// The index of an organization, or `None` if it is not in the tree.
    ///
    /// # Complexity
    /// O(1): one hash probe into the ids themselves. No allocation.
    #[must_use]
    #[inline]
    pub fn index_of(&self, id: &str) -> Option<OrgIndex> {
        self.roster.rank_of(id).map(OrgIndex::new)
    }

    /// The id of an organization.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn id(&self, org: OrgIndex) -> Option<OrgId> {
        self.roster.id(org.rank())
    }

    /// The flags of an organization.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    #[inline]
    pub fn flags(&self, org: OrgIndex) -> Option<OrgFlags> {
        self.roster.flags(org.rank())
    }

    /// The IANA time zone of an organization, if it has one of its own.
    ///
    /// # Complexity
    /// O(log of the organizations with a time zone), no allocation.
    #[must_use]
    pub fn time_zone(&self, org: OrgIndex) -> Option<&str> {
        self.time_zones.get(org.rank())
    }

    /// The calendar of an organization, if it has one of its own. See
    /// [`nearest_calendar_owner`](Self::nearest_calendar_owner) for the one it inherits.
    ///
    /// # Complexity
    /// O(log of the organizations with a calendar), no allocation.
    #[must_use]
    pub fn calendar(&self, org: OrgIndex) -> Option<&str> {
        self.calendars.get(org.rank())
    }

    /// The organization directly above, or `None` for a root.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    #[inline]
    pub fn parent(&self, org: OrgIndex) -> Option<OrgIndex> {
        self.parent.rank(org.rank()).map(OrgIndex::new)
    }

    /// The organizations without a parent, in tree order.
    pub fn roots(&self) -> Siblings<'_> {
        Siblings::new(self, 0..narrow(self.len()))
    }

    /// The organizations directly below, in tree order.
    ///
    /// # Complexity
    /// O(1) a child, no allocation.
    pub fn children(&self, org: OrgIndex) -> Siblings<'_> {
        let range = self.subtree(org);
        Siblings::new(self, range.start.saturating_add(1)..range.end)
    }

    /// The ranks of an organization and all below it; empty if it is not in the tree.
    #[inline]
    pub(crate) fn subtree(&self, org: OrgIndex) -> Range<u32> {
        match self.subtree_end.get(org.rank()) {
            Some(end) => org.rank()..end,
            None => 0..0,
        }
    }

    /// The parents of all organizations, as ranks.
    pub(crate) fn parents(&self) -> &Column {
        &self.parent
    }

    /// The first rank of an organization's heavy chain.
    #[inline]
    pub(crate) fn chain_head(&self, rank: u32) -> Option<u32> {
        self.chain_head.get(rank)
    }

    /// The nearest legal entity, from an organization upwards, itself included.
    #[inline]
    pub(crate) fn legal_entity_from(&self, rank: u32) -> Option<u32> {
        self.nearest_legal_entity.from(rank)
    }

    #[inline]
    pub(crate) fn business_unit_from(&self, rank: u32) -> Option<u32> {
        self.nearest_business_unit.from(rank)
    }

    #[inline]
    pub(crate) fn period_control_from(&self, rank: u32) -> Option<u32> {
        self.nearest_period_control.from(rank)
    }

    #[inline]
    pub(crate) fn calendar_owner_from(&self, rank: u32) -> Option<u32> {
        self.nearest_calendar_owner.from(rank)
    }

    /// The heap bytes that the tree owns, exactly.
    ///
    /// # Memory
    /// With `w` = 2 bytes below 65,536 organizations and 4 above, an organization takes `3w + 17` bytes; the
    /// hash table `w + 1` bytes a place, with 8 places for 7 organizations rounded up to a power of two; the
    /// nearest legal entities, business units, period controls and calendar owners at most `2w` bytes an
    /// organization of that kind, and 8 bytes for every 32 organizations of the tree if there is one of that
    /// kind. Time zones and calendars: 8 bytes an organization that has one, 16 and its text for each
    /// distinct one.
    #[must_use]
    pub fn footprint(&self) -> usize {
        [&self.parent, &self.subtree_end, &self.chain_head].map(Column::heap_bytes).iter().sum::<usize>()
            + self.roster.heap_bytes()
            + self.nearest_legal_entity.heap_bytes()
            + self.nearest_business_unit.heap_bytes()
            + self.nearest_period_control.heap_bytes()
            + self.nearest_calendar_owner.heap_bytes()
            + self.time_zones.heap_bytes()
            + self.calendars.heap_bytes()
    }
}
