//! `OrgIndex`: the place of an organization in its tree.

use core::fmt;

/// The position of an organization in one [`OrgStructure`](crate::OrgStructure): its preorder rank, from 0.
///
/// An index is valid only in the structure that returned it. A structure treats an index out of its range as
/// an organization that is not in the tree, and never panics.
///
/// # Examples
/// ```
/// use org_structure::{OrgIndex, OrgRow, OrgStructure};
///
/// let tree = OrgStructure::build([OrgRow::new("A").under("0"), OrgRow::new("0")])?.structure;
/// assert_eq!(tree.index_of("A"), Some(OrgIndex::new(1)));
/// assert_eq!(tree.id(OrgIndex::new(7)), None);
/// assert!(tree.natural_tree(OrgIndex::new(7)).is_empty());
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct OrgIndex(u32);

impl OrgIndex {
    /// The index with the given preorder rank.
    #[must_use]
    pub const fn new(rank: u32) -> Self {
        OrgIndex(rank)
    }

    /// The preorder rank.
    #[must_use]
    pub const fn rank(self) -> u32 {
        self.0
    }
}

/// As the rank.
impl fmt::Display for OrgIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for OrgIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
