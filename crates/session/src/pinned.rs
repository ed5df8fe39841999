//! `PinnedTree`, `PinnedAccess`, `PinnedRole`: the parts of a session that it shares with other sessions.

use std::sync::Arc;

use org_structure::{Fingerprint, OrgId, OrgStructure};

use crate::interner::Interner;
use crate::{AccessHash, ClientId, RoleAccess, RoleId, SessionRecord};

/// A tree with its name. All sessions on equal trees share one.
#[derive(Debug)]
pub(crate) struct PinnedTree {
    pub(crate) structure: Arc<OrgStructure>,
    pub(crate) fingerprint: Fingerprint,
}

/// Access with its name, and the tree that it belongs to. All sessions with equal access to equal trees share
/// one.
#[derive(Debug)]
pub(crate) struct PinnedAccess {
    pub(crate) access: RoleAccess,
    pub(crate) hash: AccessHash,
    pub(crate) tree: Arc<PinnedTree>,
}

/// A role of a client with its access. All sessions in the role with equal access share one.
#[derive(Debug)]
pub(crate) struct PinnedRole {
    pub(crate) client: ClientId,
    pub(crate) role: RoleId,
    /// The organization in which the sessions work, if the tree does not contain it. Where the tree contains
    /// it, each session has its index.
    pub(crate) org_outside: Option<OrgId>,
    /// The tree of the access: one step nearer for the questions that a session answers.
    pub(crate) structure: Arc<OrgStructure>,
    pub(crate) access: Arc<PinnedAccess>,
}

/// The interning key of a [`PinnedRole`].
type RoleKey = (AccessHash, ClientId, RoleId, Option<OrgId>);

/// The interned values that sessions share.
///
/// Lock order: each table has a lock of its own; none of the three is taken while another of them is held.
#[derive(Default)]
pub(crate) struct SharedParts {
    pub(crate) trees: Interner<Fingerprint, PinnedTree>,
    pub(crate) accesses: Interner<AccessHash, PinnedAccess>,
    pub(crate) roles: Interner<RoleKey, PinnedRole>,
}

impl SharedParts {
    pub(crate) fn pin_tree(
        &self,
        fingerprint: Fingerprint,
        structure: impl FnOnce() -> OrgStructure,
    ) -> (Arc<PinnedTree>, bool) {
        self.trees.intern(fingerprint, || PinnedTree { structure: Arc::new(structure()), fingerprint })
    }

    pub(crate) fn pin_access(
        &self,
        hash: AccessHash,
        tree: Arc<PinnedTree>,
        access: impl FnOnce() -> RoleAccess,
    ) -> Arc<PinnedAccess> {
        self.accesses.intern(hash, || PinnedAccess { access: access(), hash, tree }).0
    }

    /// The shared role of a session with this access.
    pub(crate) fn pin_role(&self, record: &SessionRecord, access: &Arc<PinnedAccess>) -> Arc<PinnedRole> {
        let SessionRecord { client, role, org, .. } = *record;
        let structure = &access.tree.structure;
        let org_outside = structure.index_of(org.as_str()).is_none().then_some(org);
        let make = || PinnedRole {
            client,
            role,
            org_outside,
            structure: Arc::clone(structure),
            access: Arc::clone(access),
        };
        self.roles.intern((access.hash, client, role, org_outside), make).0
    }

    /// Drops the entries of values that no session holds. A role holds its access, and the access its tree,
    /// so the tables are pruned in this order.
    pub(crate) fn prune(&self) {
        self.roles.prune();
        self.accesses.prune();
        self.trees.prune();
    }
}

/// The bytes of a value behind an `Arc`: two counters, the value, and padding.
pub(crate) const fn shared_bytes<T>() -> usize {
    const { assert!(align_of::<T>() <= align_of::<usize>(), "no value is aligned wider than a counter") };
    (size_of::<[usize; 2]>() + size_of::<T>()).next_multiple_of(align_of::<usize>())
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

impl PinnedRole {
    /// Without the access and the tree.
    pub(crate) const fn footprint(&self) -> usize {
        shared_bytes::<Self>()
    }
}
