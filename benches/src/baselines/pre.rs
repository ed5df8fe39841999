//! `Pre`: everything precomputed, for every organization.

use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;

use crate::structure::{Answer, Database, Effort, Structure, Text, TextMap, TextSet, transaction_allowed};

/// Natural tree, parent and children of every organization.
#[derive(Debug)]
pub struct Pre {
    natural_trees: TextMap<TextSet>,
    parents: TextMap<Text>,
    children: TextMap<TextSet>,
    /// Flags were not cached: one query each time.
    database: Arc<Database>,
}

impl Pre {
    fn below(&self, org: &str, effort: &mut Effort) -> Answer<TextSet> {
        let mut below = TextSet::default();
        let mut waiting: Vec<&Text> = self.children.get(org).into_iter().flatten().collect();
        while let Some(child) = waiting.pop() {
            effort.spend(1)?;
            below.insert(Arc::clone(child));
            waiting.extend(self.children.get(child).into_iter().flatten());
        }
        Ok(below)
    }

    fn path(&self, org: &str) -> impl Iterator<Item = &Text> {
        core::iter::successors(self.parents.get(org), |parent| self.parents.get(*parent))
    }
}

impl Structure for Pre {
    const NAME: &'static str = "openbravo-pre";
    type Set<'a> = TextSet;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let text = |id: &String| Text::from(id.as_str());
        let nodes: Vec<(Text, Option<Text>)> =
            database.rows().iter().map(|row| (text(&row.id), row.parent.as_ref().map(text))).collect();
        let mut pre = Pre {
            natural_trees: TextMap::default(),
            parents: TextMap::default(),
            children: TextMap::default(),
            database: Arc::clone(database),
        };
        let (mut scanned, mut stored) = (Effort::of_loading(), Effort::of_storing());
        for (node, parent) in &nodes {
            let Some(parent) = parent else { continue };
            // The original searches the whole list for each node's parent.
            let Some(place) = nodes.iter().position(|(other, _)| other == parent) else { continue };
            scanned.spend(place + 1)?;
            let Some((parent, _)) = nodes.get(place) else { continue };
            pre.parents.insert(Arc::clone(node), Arc::clone(parent));
            pre.children.entry(Arc::clone(parent)).or_default().insert(Arc::clone(node));
        }
        for (node, _) in &nodes {
            let mut natural_tree = pre.below(node, &mut stored)?;
            natural_tree.extend(pre.path(node).cloned());
            natural_tree.insert(Arc::clone(node));
            stored.spend(natural_tree.len())?;
            pre.natural_trees.insert(Arc::clone(node), natural_tree);
        }
        Ok(pre)
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        // The original copies the whole set for one lookup.
        Ok(one == "0" || other == "0" || self.natural_tree(one)?.contains(other))
    }

    fn natural_tree(&self, org: &str) -> Answer<TextSet> {
        Ok(self.natural_trees.get(org).cloned().unwrap_or_else(|| TextSet::from_iter([org.into()])))
    }

    fn descendants(&self, org: &str) -> Answer<TextSet> {
        self.below(org, &mut Effort::of_a_call())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<Text>> {
        Ok(self.path(org).cloned().collect())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<Text>> {
        let is_legal_entity =
            |org: &str| self.database.flags(org).is_some_and(|flags| flags.contains(OrgFlags::LEGAL_ENTITY));
        let mut path = vec![Text::from(org)];
        path.extend(self.ancestors(org)?);
        Ok(path.into_iter().find(|org| is_legal_entity(org)))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.database.flags(org)))
    }

    fn texts(&self, set: &TextSet) -> BTreeSet<String> {
        set.iter().map(|id| id.as_ref().to_owned()).collect()
    }

    fn text(&self, org: &Text) -> String {
        org.as_ref().to_owned()
    }
}
