//! The named iterators of a tree, so that a struct can hold one.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use crate::{OrgIndex, OrgStructure};

/// Implements an iterator over organizations by its field `ranks`, an iterator over their ranks.
macro_rules! org_iterator {
    ($name:literal, $iterator:ty) => {
        impl Iterator for $iterator {
            type Item = OrgIndex;

            #[inline]
            fn next(&mut self) -> Option<OrgIndex> {
                self.ranks.next().map(OrgIndex::new)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.ranks.size_hint()
            }
        }

        impl DoubleEndedIterator for $iterator {
            fn next_back(&mut self) -> Option<OrgIndex> {
                self.ranks.next_back().map(OrgIndex::new)
            }
        }

        impl ExactSizeIterator for $iterator {}
        impl core::iter::FusedIterator for $iterator {}

        impl core::fmt::Debug for $iterator {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!($name, "({} left)"), self.len())
            }
        }
    };
}
pub(crate) use org_iterator;

/// All organizations of a tree, in tree order: see [`OrgStructure::indices`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Indices {
    ranks: Range<u32>,
}

impl Indices {
    pub(crate) fn new(ranks: Range<u32>) -> Self {
        Indices { ranks }
    }
}

org_iterator!("Indices", Indices);

/// Organizations with the same parent, in tree order: see [`OrgStructure::children`] and
/// [`OrgStructure::roots`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Siblings<'t> {
    tree: &'t OrgStructure,
    // INVARIANT: if not empty, it begins with a sibling and ends after the last sibling's subtree.
    ranks: Range<u32>,
}

impl<'t> Siblings<'t> {
    pub(crate) fn new(tree: &'t OrgStructure, ranks: Range<u32>) -> Self {
        Siblings { tree, ranks }
    }
}

impl Iterator for Siblings<'_> {
    type Item = OrgIndex;

    #[inline]
    fn next(&mut self) -> Option<OrgIndex> {
        if self.ranks.is_empty() {
            return None;
        }
        let sibling = OrgIndex::new(self.ranks.start);
        self.ranks.start = self.tree.subtree(sibling).end;
        Some(sibling)
    }
}

impl FusedIterator for Siblings<'_> {}

impl fmt::Debug for Siblings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Siblings({:?})", self.ranks)
    }
}

/// An organization and all above it, nearest first: see [`OrgStructure::path_to_root`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct PathToRoot<'t> {
    tree: &'t OrgStructure,
    next: Option<OrgIndex>,
}

impl<'t> PathToRoot<'t> {
    pub(crate) fn new(tree: &'t OrgStructure, start: Option<OrgIndex>) -> Self {
        PathToRoot { tree, next: start }
    }
}

impl Iterator for PathToRoot<'_> {
    type Item = OrgIndex;

    #[inline]
    fn next(&mut self) -> Option<OrgIndex> {
        let org = self.next?;
        self.next = self.tree.parent(org);
        Some(org)
    }
}

impl FusedIterator for PathToRoot<'_> {}

impl fmt::Debug for PathToRoot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathToRoot({:?})", self.next)
    }
}
