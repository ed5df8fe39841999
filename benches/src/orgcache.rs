//! orgcache itself: one tree per session, or one tree that sessions share.

use core::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::{OrgFlags, OrgIndex, OrgSet, OrgStructure};

use crate::structure::{Answer, Database, NoAnswer, Structure, transaction_allowed};
use crate::trees::build;

/// How a session refers to its tree.
pub trait HeldTree: Borrow<OrgStructure> + Sized {
    /// The name in tables and records.
    const NAME: &'static str;

    /// Takes a tree that was just built.
    ///
    /// # Errors
    /// As [`Structure::load`].
    fn hold(tree: OrgStructure) -> Answer<Self>;

    /// The tree of a further session, if it is not a separate one.
    fn share(&self) -> Option<Self> {
        None
    }
}

/// A separate tree for every session.
#[derive(Debug)]
pub struct UnsharedTree(OrgStructure);

/// A separate tree, decoded from its canonical bytes.
#[derive(Debug)]
pub struct ReopenedTree(OrgStructure);

/// A reference to the shared tree.
#[derive(Debug)]
pub struct SharedTree(Arc<OrgStructure>);

impl Borrow<OrgStructure> for UnsharedTree {
    fn borrow(&self) -> &OrgStructure {
        &self.0
    }
}

impl Borrow<OrgStructure> for ReopenedTree {
    fn borrow(&self) -> &OrgStructure {
        &self.0
    }
}

impl Borrow<OrgStructure> for SharedTree {
    fn borrow(&self) -> &OrgStructure {
        &self.0
    }
}

impl HeldTree for UnsharedTree {
    const NAME: &'static str = "orgcache-unshared";

    fn hold(tree: OrgStructure) -> Answer<Self> {
        Ok(UnsharedTree(tree))
    }
}

impl HeldTree for ReopenedTree {
    const NAME: &'static str = "orgcache-reopened";

    fn hold(tree: OrgStructure) -> Answer<Self> {
        reopen(&tree.encode()).map(ReopenedTree)
    }
}

impl HeldTree for SharedTree {
    const NAME: &'static str = "orgcache-shared";

    fn hold(tree: OrgStructure) -> Answer<Self> {
        Ok(SharedTree(Arc::new(tree)))
    }

    fn share(&self) -> Option<Self> {
        Some(SharedTree(Arc::clone(&self.0)))
    }
}

/// orgcache, with the tree in the form `H`.
#[derive(Debug)]
pub struct Orgcache<H> {
    held: H,
}

impl<H: HeldTree> Orgcache<H> {
    #[inline]
    pub(crate) fn tree(&self) -> &OrgStructure {
        self.held.borrow()
    }
}

fn reopen(bytes: &[u8]) -> Answer<OrgStructure> {
    // The harness passes only encoded trees.
    OrgStructure::decode(bytes).map_err(|_| NoAnswer::NoSuchCall)
}

impl<H: HeldTree> Structure for Orgcache<H> {
    const NAME: &'static str = H::NAME;
    type Set<'a>
        = OrgSet
    where
        Self: 'a;
    type Path<'a>
        = Vec<OrgIndex>
    where
        Self: 'a;
    type Org = OrgIndex;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        // The harness generates only valid trees.
        let tree = build(database.rows()).map_err(|_| NoAnswer::NoSuchCall)?;
        Ok(Orgcache { held: H::hold(tree)? })
    }

    fn another(&self, database: &Arc<Database>) -> Answer<Self> {
        self.held.share().map_or_else(|| Self::load(database), |held| Ok(Orgcache { held }))
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let tree = self.tree();
        let both = tree.index_of(one).zip(tree.index_of(other));
        Ok(both.is_some_and(|(one, other)| tree.is_in_natural_tree(one, other)))
    }

    fn is_in_natural_tree_by_index(&self, one: u32, other: u32) -> Answer<bool> {
        Ok(self.tree().is_in_natural_tree(OrgIndex::new(one), OrgIndex::new(other)))
    }

    fn natural_tree(&self, org: &str) -> Answer<OrgSet> {
        let tree = self.tree();
        Ok(tree.index_of(org).map(|org| tree.natural_tree(org).to_set()).unwrap_or_default())
    }

    fn natural_tree_by_index(&self, org: u32) -> Answer<OrgSet> {
        Ok(self.tree().natural_tree(OrgIndex::new(org)).to_set())
    }

    fn descendants(&self, org: &str) -> Answer<OrgSet> {
        let tree = self.tree();
        Ok(tree.index_of(org).map(|org| tree.descendants(org, false).to_set()).unwrap_or_default())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<OrgIndex>> {
        let tree = self.tree();
        let parent = tree.index_of(org).and_then(|org| tree.parent(org));
        Ok(parent.map(|parent| tree.path_to_root(parent).collect()).unwrap_or_default())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<OrgIndex>> {
        let tree = self.tree();
        Ok(tree.index_of(org).and_then(|org| tree.nearest(org, OrgFlags::LEGAL_ENTITY)))
    }

    fn legal_entity_by_index(&self, org: u32) -> Answer<Option<OrgIndex>> {
        Ok(self.tree().nearest(OrgIndex::new(org), OrgFlags::LEGAL_ENTITY))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        let tree = self.tree();
        Ok(transaction_allowed(orgs, |org| tree.flags(tree.index_of(org)?)))
    }

    fn encode(&self) -> Answer<Vec<u8>> {
        Ok(self.tree().encode())
    }

    fn decode(bytes: &[u8]) -> Answer<Self> {
        Ok(Orgcache { held: H::hold(reopen(bytes)?)? })
    }

    fn texts(&self, set: &OrgSet) -> BTreeSet<String> {
        self.tree().ids(set).map(|id| id.to_string()).collect()
    }

    fn text(&self, org: &OrgIndex) -> String {
        self.tree().id(*org).map(|id| id.to_string()).unwrap_or_default()
    }
}
