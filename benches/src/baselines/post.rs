//! `Post` and `Head`: one map of nodes, everything computed on demand.

use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;

use crate::structure::{Answer, Database, Effort, Structure, Text, TextMap, TextSet, transaction_allowed};

#[derive(Debug)]
struct Node {
    parent: Option<Text>,
    flags: OrgFlags,
    children: Vec<Text>,
}

/// One map of nodes per session.
#[derive(Debug)]
pub struct Post {
    nodes: TextMap<Node>,
}

impl Post {
    fn children(&self, org: &str) -> &[Text] {
        self.nodes.get(org).map_or(&[], |node| &node.children)
    }

    fn parent(&self, org: &str) -> Option<&Text> {
        self.nodes.get(org)?.parent.as_ref()
    }

    /// Copies the set of each subtree into its parent's set, level by level.
    fn below(&self, org: &str) -> Answer<TextSet> {
        let mut effort = Effort::of_a_call();
        let mut open = vec![(self.children(org).iter(), TextSet::default())];
        loop {
            let Some((children, below)) = open.last_mut() else { return Ok(TextSet::default()) };
            if let Some(child) = children.next() {
                below.insert(Arc::clone(child));
                open.push((self.children(child).iter(), TextSet::default()));
                continue;
            }
            let Some((_, done)) = open.pop() else { return Ok(TextSet::default()) };
            let Some((_, around)) = open.last_mut() else { return Ok(done) };
            effort.spend(done.len() + 1)?;
            around.extend(done.iter().cloned());
        }
    }
}

impl Structure for Post {
    const NAME: &'static str = "openbravo-post";
    type Set<'a> = TextSet;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let text = |id: &String| Text::from(id.as_str());
        let mut nodes = TextMap::default();
        for row in database.rows() {
            let parent = row.parent.as_ref().map(text);
            nodes.insert(text(&row.id), Node { parent, flags: row.flags, children: Vec::new() });
        }
        let links: Vec<(Text, Text)> = nodes
            .iter()
            .filter_map(|(id, node)| Some((Arc::clone(node.parent.as_ref()?), Arc::clone(id))))
            .collect();
        for (parent, child) in links {
            if let Some(node) = nodes.get_mut(&parent) {
                node.children.push(child);
            }
        }
        Ok(Post { nodes })
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        // The original builds the whole natural tree for one lookup.
        Ok(one == "0" || other == "0" || self.natural_tree(one)?.contains(other))
    }

    fn natural_tree(&self, org: &str) -> Answer<TextSet> {
        let mut natural_tree = self.below(org)?;
        natural_tree.extend(self.ancestors(org)?);
        natural_tree.insert(org.into());
        Ok(natural_tree)
    }

    fn descendants(&self, org: &str) -> Answer<TextSet> {
        self.below(org)
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<Text>> {
        Ok(core::iter::successors(self.parent(org), |parent| self.parent(parent)).cloned().collect())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<Text>> {
        let is_legal_entity =
            |org: &str| self.nodes.get(org).is_some_and(|node| node.flags.contains(OrgFlags::LEGAL_ENTITY));
        let mut path = vec![Text::from(org)];
        path.extend(self.ancestors(org)?);
        Ok(path.into_iter().find(|org| is_legal_entity(org)))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.nodes.get(org).map(|node| node.flags)))
    }

    fn texts(&self, set: &TextSet) -> BTreeSet<String> {
        set.iter().map(|id| id.as_ref().to_owned()).collect()
    }

    fn text(&self, org: &Text) -> String {
        org.as_ref().to_owned()
    }
}

/// The map of [`Post`], shared: a session has a reference.
#[derive(Debug)]
pub struct Head {
    shared: Arc<Post>,
}

impl Structure for Head {
    const NAME: &'static str = "openbravo-head";
    type Set<'a> = TextSet;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        Ok(Head { shared: Arc::new(Post::load(database)?) })
    }

    fn another(&self, _: &Arc<Database>) -> Answer<Self> {
        Ok(Head { shared: Arc::clone(&self.shared) })
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        self.shared.is_in_natural_tree(one, other)
    }

    fn natural_tree(&self, org: &str) -> Answer<TextSet> {
        self.shared.natural_tree(org)
    }

    fn descendants(&self, org: &str) -> Answer<TextSet> {
        self.shared.descendants(org)
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<Text>> {
        self.shared.ancestors(org)
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<Text>> {
        self.shared.legal_entity(org)
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        self.shared.transaction_allowed(orgs)
    }

    fn texts(&self, set: &TextSet) -> BTreeSet<String> {
        self.shared.texts(set)
    }

    fn text(&self, org: &Text) -> String {
        self.shared.text(org)
    }
}
