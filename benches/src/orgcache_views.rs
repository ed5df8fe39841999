//! orgcache with callers that borrow their answers instead of owning sets.

use core::iter::Flatten;
use core::option;
use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::{Descendants, NaturalTree, OrgIndex, PathToRoot};

use crate::orgcache::{Orgcache, SharedTree};
use crate::structure::{Answer, Database, Structure};

/// One shared tree, asked for views.
#[derive(Debug)]
pub struct Views(Orgcache<SharedTree>);

/// A borrowed answer.
#[derive(Clone, Copy, Debug)]
pub enum View<'t> {
    /// A natural tree.
    NaturalTree(NaturalTree<'t>),
    /// All organizations below one.
    Descendants(Descendants<'t>),
    /// Nothing, for an unknown organization.
    Nothing,
}

impl Structure for Views {
    const NAME: &'static str = "orgcache-view";
    type Set<'a> = View<'a>;
    type Path<'a> = Flatten<option::IntoIter<PathToRoot<'a>>>;
    type Org = OrgIndex;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        Orgcache::load(database).map(Views)
    }

    fn another(&self, database: &Arc<Database>) -> Answer<Self> {
        self.0.another(database).map(Views)
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        self.0.is_in_natural_tree(one, other)
    }

    fn is_in_natural_tree_by_index(&self, one: u32, other: u32) -> Answer<bool> {
        self.0.is_in_natural_tree_by_index(one, other)
    }

    fn natural_tree(&self, org: &str) -> Answer<View<'_>> {
        let tree = self.0.tree();
        Ok(tree.index_of(org).map_or(View::Nothing, |org| View::NaturalTree(tree.natural_tree(org))))
    }

    fn natural_tree_by_index(&self, org: u32) -> Answer<View<'_>> {
        Ok(View::NaturalTree(self.0.tree().natural_tree(OrgIndex::new(org))))
    }

    fn descendants(&self, org: &str) -> Answer<View<'_>> {
        let tree = self.0.tree();
        Ok(tree.index_of(org).map_or(View::Nothing, |org| View::Descendants(tree.descendants(org, false))))
    }

    fn ancestors(&self, org: &str) -> Answer<Self::Path<'_>> {
        let tree = self.0.tree();
        let parent = tree.index_of(org).and_then(|org| tree.parent(org));
        Ok(parent.map(|parent| tree.path_to_root(parent)).into_iter().flatten())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<OrgIndex>> {
        self.0.legal_entity(org)
    }

    fn legal_entity_by_index(&self, org: u32) -> Answer<Option<OrgIndex>> {
        self.0.legal_entity_by_index(org)
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        self.0.transaction_allowed(orgs)
    }

    fn texts(&self, view: &View<'_>) -> BTreeSet<String> {
        let tree = self.0.tree();
        let ids = |orgs| tree.ids(orgs).map(|id| id.to_string()).collect();
        match view {
            View::NaturalTree(view) => ids(view.iter()),
            View::Descendants(view) => ids(view.iter()),
            View::Nothing => BTreeSet::new(),
        }
    }

    fn text(&self, org: &OrgIndex) -> String {
        self.0.text(org)
    }
}
