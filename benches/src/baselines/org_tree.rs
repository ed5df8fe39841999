//! `OrgTree`: a list of nodes, searched from the start at every step.

use core::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;

use crate::structure::{Answer, Database, Effort, NoAnswer, Structure, Text, TextMap, transaction_allowed};

#[derive(Debug)]
struct Node {
    id: String,
    /// Empty for the root.
    parent: String,
    #[expect(dead_code, reason = "the original stored it for display; its bytes count")]
    name: String,
    #[expect(dead_code, reason = "the original stored it as text; its bytes count")]
    ready: String,
    #[expect(
        dead_code,
        reason = "a reference to the type, which all nodes of that type share; its bytes count"
    )]
    org_type: Arc<OrgFlags>,
}

/// The nodes of a client in a list.
#[derive(Debug)]
pub struct OrgTree {
    nodes: Vec<Node>,
    /// The original read flags from the database for every organization.
    database: Arc<Database>,
}

impl OrgTree {
    /// Descendants in preorder, the organization first; then its ancestors upwards. Empty if it is unknown.
    fn logic_path(&self, org: &str, effort: &mut Effort) -> Answer<Vec<&Node>> {
        let mut path: Vec<&Node> = Vec::new();
        let Some(start) = self.find(org, effort)? else { return Ok(path) };
        let mut waiting = vec![start];
        while let Some(node) = waiting.pop() {
            self.add_if_absent(node, &mut path, effort)?;
            effort.spend(self.nodes.len())?;
            waiting.extend(self.nodes.iter().rev().filter(|child| child.parent == node.id));
        }
        let mut node = start;
        while let Some(parent) = self.find(&node.parent, effort)? {
            self.add_if_absent(parent, &mut path, effort)?;
            node = parent;
        }
        Ok(path)
    }

    fn add_if_absent<'a>(
        &'a self,
        node: &'a Node,
        path: &mut Vec<&'a Node>,
        effort: &mut Effort,
    ) -> Answer<()> {
        effort.spend(path.len())?;
        if path.iter().all(|other| other.id != node.id) {
            path.push(node);
        }
        Ok(())
    }

    fn find(&self, org: &str, effort: &mut Effort) -> Answer<Option<&Node>> {
        effort.spend(self.nodes.len())?;
        Ok(self.nodes.iter().find(|node| node.id == org))
    }

    /// The quoted list of the organizations that may be referenced.
    fn referenceable(&self, org: &str, effort: &mut Effort) -> Answer<String> {
        let mut text = String::new();
        for node in self.logic_path(org, effort)? {
            text.push_str(if text.is_empty() { "'" } else { ",'" });
            text.push_str(&node.id);
            text.push('\'');
        }
        Ok(text)
    }
}

impl Structure for OrgTree {
    const NAME: &'static str = "orgtree";
    type Set<'a> = String;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let types: Vec<Arc<OrgFlags>> =
            (0..=u8::MAX).map(|bits| Arc::new(OrgFlags::from_bits_truncate(bits.into()))).collect();
        let node = |row: &crate::trees::Row| {
            Some(Node {
                id: row.id.clone(),
                parent: row.parent.clone().unwrap_or_default(),
                name: format!("Organization {}", row.id.get(..8).unwrap_or(&row.id)),
                ready: if row.flags.contains(OrgFlags::READY) { "Y" } else { "N" }.to_owned(),
                org_type: types.get(usize::from(row.flags.bits())).cloned()?,
            })
        };
        let mut nodes: Vec<Node> = database.rows().iter().filter_map(node).collect();
        nodes.sort_by(|a, b| a.parent.cmp(&b.parent));
        Ok(OrgTree { nodes, database: Arc::clone(database) })
    }

    fn is_in_natural_tree(&self, _: &str, _: &str) -> Answer<bool> {
        Err(NoAnswer::NoSuchCall)
    }

    fn natural_tree(&self, org: &str) -> Answer<String> {
        self.referenceable(org, &mut Effort::of_a_call())
    }

    fn descendants(&self, _: &str) -> Answer<String> {
        Err(NoAnswer::NoSuchCall)
    }

    fn ancestors(&self, _: &str) -> Answer<Vec<Text>> {
        Err(NoAnswer::NoSuchCall)
    }

    fn legal_entity(&self, _: &str) -> Answer<Option<Text>> {
        Err(NoAnswer::NoSuchCall)
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.database.flags(org)))
    }

    fn texts(&self, set: &String) -> BTreeSet<String> {
        ids_of(set)
    }

    fn text(&self, org: &Text) -> String {
        org.as_ref().to_owned()
    }
}

/// [`OrgTree`] with memoized lists for every organization asked about (since May 2017).
#[derive(Debug)]
pub struct MemoizedOrgTree {
    tree: OrgTree,
    texts: RefCell<TextMap<Text>>,
}

impl MemoizedOrgTree {
    fn remembered(&self, org: &str, effort: &mut Effort) -> Answer<Text> {
        if let Some(text) = self.texts.borrow().get(org) {
            return Ok(Arc::clone(text));
        }
        let text = Text::from(self.tree.referenceable(org, effort)?);
        self.texts.borrow_mut().insert(org.into(), Arc::clone(&text));
        Ok(text)
    }
}

impl Structure for MemoizedOrgTree {
    const NAME: &'static str = "orgtree-memoized";
    type Set<'a> = Text;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        Ok(MemoizedOrgTree { tree: OrgTree::load(database)?, texts: RefCell::default() })
    }

    fn grow(&self) -> Answer<()> {
        /// An id of 32 digits, its quotes and a comma.
        const BYTES: usize = 35;
        let (mut compared, mut stored) = (Effort::of_loading(), Effort::of_storing());
        for node in &self.tree.nodes {
            stored.spend(self.remembered(&node.id, &mut compared)?.len() / BYTES)?;
        }
        Ok(())
    }

    fn is_in_natural_tree(&self, _: &str, _: &str) -> Answer<bool> {
        Err(NoAnswer::NoSuchCall)
    }

    fn natural_tree(&self, org: &str) -> Answer<Text> {
        self.remembered(org, &mut Effort::of_a_call())
    }

    fn descendants(&self, _: &str) -> Answer<Text> {
        Err(NoAnswer::NoSuchCall)
    }

    fn ancestors(&self, _: &str) -> Answer<Vec<Text>> {
        Err(NoAnswer::NoSuchCall)
    }

    fn legal_entity(&self, _: &str) -> Answer<Option<Text>> {
        Err(NoAnswer::NoSuchCall)
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        self.tree.transaction_allowed(orgs)
    }

    fn texts(&self, set: &Text) -> BTreeSet<String> {
        ids_of(set)
    }

    fn text(&self, org: &Text) -> String {
        org.as_ref().to_owned()
    }
}

fn ids_of(list: &str) -> BTreeSet<String> {
    list.split(',').map(|id| id.trim_matches('\'').to_owned()).filter(|id| !id.is_empty()).collect()
}
