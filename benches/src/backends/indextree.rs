//! `IndexTree`: an arena of the `indextree` crate.

use std::collections::BTreeSet;
use std::sync::Arc;

use indextree::{Arena, NodeId};
use org_structure::OrgFlags;

use crate::structure::{Answer, Database, Structure, Text, TextMap, transaction_allowed};

/// The arena, and the node of each id.
#[derive(Debug)]
pub struct IndexTree {
    arena: Arena<(Text, OrgFlags)>,
    nodes: TextMap<NodeId>,
}

impl IndexTree {
    fn flags(&self, org: NodeId) -> Option<OrgFlags> {
        self.arena.get(org).map(|node| node.get().1)
    }
}

impl Structure for IndexTree {
    const NAME: &'static str = "indextree";
    type Set<'a> = Vec<NodeId>;
    type Path<'a> = Vec<NodeId>;
    type Org = NodeId;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let mut arena = Arena::new();
        let mut nodes = TextMap::default();
        for row in database.rows() {
            let id = Text::from(row.id.as_str());
            nodes.insert(Arc::clone(&id), arena.new_node((id, row.flags)));
        }
        for row in database.rows() {
            let ends = row
                .parent
                .as_ref()
                .and_then(|parent| nodes.get(parent.as_str()))
                .zip(nodes.get(row.id.as_str()));
            if let Some((parent, &child)) = ends {
                // (The checked append walks to the root for each; the rows are known to be a tree.)
                parent.append(child, &mut arena);
            }
        }
        Ok(IndexTree { arena, nodes })
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let Some((&one, &other)) = self.nodes.get(one).zip(self.nodes.get(other)) else { return Ok(false) };
        Ok(one.ancestors(&self.arena).any(|org| org == other)
            || other.ancestors(&self.arena).any(|org| org == one))
    }

    fn natural_tree(&self, org: &str) -> Answer<Vec<NodeId>> {
        let Some(org) = self.nodes.get(org) else { return Ok(Vec::new()) };
        Ok(org.descendants(&self.arena).chain(org.ancestors(&self.arena).skip(1)).collect())
    }

    fn descendants(&self, org: &str) -> Answer<Vec<NodeId>> {
        Ok(self.nodes.get(org).map(|org| org.descendants(&self.arena).skip(1).collect()).unwrap_or_default())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<NodeId>> {
        Ok(self.nodes.get(org).map(|org| org.ancestors(&self.arena).skip(1).collect()).unwrap_or_default())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<NodeId>> {
        let Some(org) = self.nodes.get(org) else { return Ok(None) };
        let is_legal_entity =
            |org: &NodeId| self.flags(*org).is_some_and(|flags| flags.contains(OrgFlags::LEGAL_ENTITY));
        Ok(org.ancestors(&self.arena).find(is_legal_entity))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.flags(*self.nodes.get(org)?)))
    }

    fn texts(&self, set: &Vec<NodeId>) -> BTreeSet<String> {
        set.iter().map(|org| self.text(org)).collect()
    }

    fn text(&self, org: &NodeId) -> String {
        self.arena.get(*org).map(|node| node.get().0.as_ref().to_owned()).unwrap_or_default()
    }
}
