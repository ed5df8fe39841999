//! `TreeRow`: one organization of a tree as a row, and all of them.

use crate::invariant::narrow;
use crate::{OrgFlags, OrgId, OrgIndex, OrgRow, OrgStructure};

/// One organization of a tree: the row that it was built from, without a parent that was not in the tree.
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure, TreeRow};
///
/// let rows = [OrgRow::new("Spain").under("0").in_time_zone("Europe/Madrid"), OrgRow::new("0")];
/// let tree = OrgStructure::build(rows)?.structure;
///
/// let rows: Vec<TreeRow<'_>> = tree.rows().collect();
/// assert_eq!(rows[1].id, "Spain");
/// assert_eq!(OrgStructure::build(rows.iter().map(TreeRow::as_row))?.structure, tree);
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TreeRow<'t> {
    /// The organization's id.
    pub id: OrgId,
    /// The id of the organization directly above, or `None` for a root.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub parent: Option<OrgId>,
    /// The yes-or-no facts.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "OrgFlags::is_empty"))]
    pub flags: OrgFlags,
    /// The IANA time zone, if set.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub time_zone: Option<&'t str>,
    /// The organization's own calendar, if it has one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub calendar: Option<&'t str>,
}

impl TreeRow<'_> {
    /// The row in the form that [`OrgStructure::build`] takes.
    #[must_use]
    pub fn as_row(&self) -> OrgRow<'_> {
        OrgRow {
            id: self.id.as_str(),
            parent: self.parent.as_ref().map(OrgId::as_str),
            flags: self.flags,
            time_zone: self.time_zone,
            calendar: self.calendar,
        }
    }
}

impl OrgStructure {
    /// One organization as a row, or `None` if it is not in the tree.
    ///
    /// # Complexity
    /// O(log n), no allocation.
    #[must_use]
    pub fn row(&self, org: OrgIndex) -> Option<TreeRow<'_>> {
        Some(TreeRow {
            id: self.id(org)?,
            parent: self.parent(org).and_then(|parent| self.id(parent)),
            flags: self.flags(org)?,
            time_zone: self.time_zone(org),
            calendar: self.calendar(org),
        })
    }

    /// All organizations as rows, in tree order. They build the same tree again.
    ///
    /// # Complexity
    /// O(log n) a row, no allocation.
    pub fn rows(&self) -> Rows<'_> {
        Rows { tree: self, ranks: 0..narrow(self.len()) }
    }
}

/// The rows of a tree, in tree order.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Rows<'t> {
    tree: &'t OrgStructure,
    ranks: core::ops::Range<u32>,
}

impl<'t> Iterator for Rows<'t> {
    type Item = TreeRow<'t>;

    fn next(&mut self) -> Option<TreeRow<'t>> {
        self.ranks.next().and_then(|rank| self.tree.row(OrgIndex::new(rank)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl ExactSizeIterator for Rows<'_> {}
impl core::iter::FusedIterator for Rows<'_> {}
