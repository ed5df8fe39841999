//! `PetGraph`: a directed graph of the `petgraph` crate, edges from parent to child.

use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;
use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::structure::{Answer, Database, Structure, Text, TextMap, transaction_allowed};

/// The graph, and the node of each id.
#[derive(Debug)]
pub struct PetGraph {
    graph: DiGraph<(Text, OrgFlags), ()>,
    nodes: TextMap<NodeIndex>,
}

impl PetGraph {
    fn path(&self, org: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        let parent = |org: NodeIndex| self.graph.neighbors_directed(org, Incoming).next();
        core::iter::successors(parent(org), move |&org| parent(org))
    }

    fn below(&self, org: NodeIndex) -> Vec<NodeIndex> {
        let mut below: Vec<NodeIndex> = self.graph.neighbors_directed(org, Outgoing).collect();
        let mut next = 0;
        while let Some(&child) = below.get(next) {
            below.extend(self.graph.neighbors_directed(child, Outgoing));
            next += 1;
        }
        below
    }

    fn flags(&self, org: NodeIndex) -> Option<OrgFlags> {
        self.graph.node_weight(org).map(|&(_, flags)| flags)
    }
}

impl Structure for PetGraph {
    const NAME: &'static str = "petgraph";
    type Set<'a> = Vec<NodeIndex>;
    type Path<'a> = Vec<NodeIndex>;
    type Org = NodeIndex;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let mut graph = DiGraph::new();
        let mut nodes = TextMap::default();
        for row in database.rows() {
            let id = Text::from(row.id.as_str());
            nodes.insert(Arc::clone(&id), graph.add_node((id, row.flags)));
        }
        for row in database.rows() {
            let ends = row
                .parent
                .as_ref()
                .and_then(|parent| nodes.get(parent.as_str()))
                .zip(nodes.get(row.id.as_str()));
            if let Some((&parent, &child)) = ends {
                graph.add_edge(parent, child, ());
            }
        }
        Ok(PetGraph { graph, nodes })
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let Some((&one, &other)) = self.nodes.get(one).zip(self.nodes.get(other)) else { return Ok(false) };
        Ok(one == other || self.path(one).any(|org| org == other) || self.path(other).any(|org| org == one))
    }

    fn natural_tree(&self, org: &str) -> Answer<Vec<NodeIndex>> {
        let Some(&org) = self.nodes.get(org) else { return Ok(Vec::new()) };
        let mut set = self.below(org);
        set.push(org);
        set.extend(self.path(org));
        Ok(set)
    }

    fn descendants(&self, org: &str) -> Answer<Vec<NodeIndex>> {
        Ok(self.nodes.get(org).map(|&org| self.below(org)).unwrap_or_default())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<NodeIndex>> {
        Ok(self.nodes.get(org).map(|&org| self.path(org).collect()).unwrap_or_default())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<NodeIndex>> {
        let Some(&org) = self.nodes.get(org) else { return Ok(None) };
        let is_legal_entity =
            |&org: &NodeIndex| self.flags(org).is_some_and(|flags| flags.contains(OrgFlags::LEGAL_ENTITY));
        Ok(core::iter::once(org).chain(self.path(org)).find(is_legal_entity))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.flags(*self.nodes.get(org)?)))
    }

    fn texts(&self, set: &Vec<NodeIndex>) -> BTreeSet<String> {
        set.iter().map(|org| self.text(org)).collect()
    }

    fn text(&self, org: &NodeIndex) -> String {
        self.graph.node_weight(*org).map(|(id, _)| id.as_ref().to_owned()).unwrap_or_default()
    }
}
