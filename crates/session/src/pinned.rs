//! `PinnedTree` and `PinnedAccess`: what sessions share.

use std::sync::Arc;

use org_structure::{Fingerprint, OrgStructure};

use crate::{AccessHash, RoleAccess};

/// A tree with its name. All sessions on equal trees share one.
#[derive(Debug)]
pub(crate) struct PinnedTree {
    pub(crate) structure: Arc<OrgStructure>,
    pub(crate) fingerprint: Fingerprint,
}

/// Access with its name, and the tree that it belongs to. All sessions with equal access to equal trees share one.
#[derive(Debug)]
pub(crate) struct PinnedAccess {
    pub(crate) access: RoleAccess,
    pub(crate) hash: AccessHash,
    pub(crate) tree: Arc<PinnedTree>,
}

/// The bytes of a value behind an `Arc`: two counters come with it.
pub(crate) const fn shared_bytes<T>() -> usize {
    let counters = 2 * size_of::<usize>();
    // Counters first, then the value at its alignment, then padding to the larger alignment.
    let align = if align_of::<T>() > align_of::<usize>() { align_of::<T>() } else { align_of::<usize>() };
    (counters.next_multiple_of(align_of::<T>()) + size_of::<T>()).next_multiple_of(align)
}

impl PinnedTree {
    pub(crate) fn footprint(&self) -> usize {
        shared_bytes::<Self>() + shared_bytes::<OrgStructure>() + self.structure.footprint()
    }
}

impl PinnedAccess {
    /// Without the tree.
    pub(crate) fn footprint(&self) -> usize {
        shared_bytes::<Self>() + self.access.footprint()
    }
}
