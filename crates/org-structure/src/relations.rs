//! Questions about one or two organizations. None of them allocates.

use core::ops::Range;

use crate::{OrgFlags, OrgIndex, OrgStructure, PathToRoot};

impl OrgStructure {
    /// Is `org` the organization `ancestor`, or somewhere below it? False if either is not in the tree.
    ///
    /// # Complexity
    /// O(1): two comparisons, no allocation.
    #[must_use]
    #[inline]
    pub fn is_self_or_below(&self, org: OrgIndex, ancestor: OrgIndex) -> bool {
        self.subtree(ancestor).contains(&org.rank())
    }

    /// Is one organization the other, above it, or below it? False if either is not in the tree.
    ///
    /// This is the question behind Openbravo's reference check: may a record of one organization refer to a
    /// record of the other? It is symmetric.
    ///
    /// # Complexity
    /// O(1): two comparisons, no allocation.
    #[must_use]
    #[inline]
    pub fn is_in_natural_tree(&self, one: OrgIndex, other: OrgIndex) -> bool {
        let (first, last) = if one <= other { (one, other) } else { (other, one) };
        // The one with the smaller rank cannot be below the other.
        self.is_self_or_below(last, first)
    }

    /// How many steps an organization is below its root, or `None` if it is not in the tree.
    ///
    /// # Complexity
    /// O(log n), no allocation.
    #[must_use]
    pub fn depth(&self, org: OrgIndex) -> Option<u32> {
        let path: u32 = self.path_ranges(org).map(|range| range.end - range.start).sum();
        path.checked_sub(1)
    }

    /// An organization, its parent, and so on up to its root.
    ///
    /// # Complexity
    /// O(1) a step, no allocation.
    pub fn path_to_root(&self, org: OrgIndex) -> PathToRoot<'_> {
        PathToRoot::new(self, Some(org).filter(|org| !self.subtree(*org).is_empty()))
    }

    /// The path from an organization to its root as ranges of ranks, the organization's own range first: at
    /// most `log2(n) + 1` of them.
    pub(crate) fn path_ranges(&self, org: OrgIndex) -> impl Iterator<Item = Range<u32>> {
        let mut next = Some(org).filter(|org| !self.subtree(*org).is_empty());
        core::iter::from_fn(move || {
            let last = next?.rank();
            let head = self.chain_head(last)?;
            next = self.parent(OrgIndex::new(head));
            Some(head..last + 1)
        })
    }

    /// The nearest organization that has any of some flags, from `org` upwards, `org` included.
    ///
    /// # Complexity
    /// For [`LEGAL_ENTITY`](OrgFlags::LEGAL_ENTITY), [`BUSINESS_UNIT`](OrgFlags::BUSINESS_UNIT),
    /// [`PERIOD_CONTROL`](OrgFlags::PERIOD_CONTROL) and what combines them: O(1). For any other flag:
    /// O(depth), over consecutive bytes. No allocation.
    #[must_use]
    #[inline]
    pub fn nearest(&self, org: OrgIndex, flags: OrgFlags) -> Option<OrgIndex> {
        let rank = org.rank();
        let mut nearest = None;
        let mut rest = flags;
        // All candidates lie on one path, so the nearest is the one with the largest rank.
        if flags.contains(OrgFlags::LEGAL_ENTITY) {
            nearest = nearest.max(self.legal_entity_from(rank));
            rest -= OrgFlags::LEGAL_ENTITY;
        }
        if flags.contains(OrgFlags::BUSINESS_UNIT) {
            nearest = nearest.max(self.business_unit_from(rank));
            rest -= OrgFlags::BUSINESS_UNIT;
        }
        if flags.contains(OrgFlags::PERIOD_CONTROL) {
            nearest = nearest.max(self.period_control_from(rank));
            rest -= OrgFlags::PERIOD_CONTROL;
        }
        if !rest.is_empty() {
            nearest = nearest.max(self.first_upwards(org, |flags| flags.intersects(rest)));
        }
        nearest.filter(|_| (rank as usize) < self.len()).map(OrgIndex::new)
    }

    /// The nearest organization that has a calendar of its own, from `org` upwards, `org` included.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[must_use]
    pub fn nearest_calendar_owner(&self, org: OrgIndex) -> Option<OrgIndex> {
        let owner = self.calendar_owner_from(org.rank());
        owner.filter(|_| (org.rank() as usize) < self.len()).map(OrgIndex::new)
    }

    /// The first organization from `org` upwards whose flags match, as a rank.
    pub(crate) fn first_upwards(&self, org: OrgIndex, is_it: impl Fn(OrgFlags) -> bool) -> Option<u32> {
        self.path_ranges(org).find_map(|range| {
            let mut nearest_first = range.clone().zip(self.roster.flags_in(range)).rev();
            nearest_first.find(|&(_, flags)| is_it(flags)).map(|(rank, _)| rank)
        })
    }
}
