//! `HashSets`: a hash map from an id to the hash set of the ids below it.

use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;

use crate::structure::{Answer, Database, Effort, Structure, Text, TextMap, TextSet, transaction_allowed};

#[derive(Debug)]
struct Entry {
    parent: Option<Text>,
    flags: OrgFlags,
    below: TextSet,
}

/// For every organization the set of those below it, its parent and its flags.
#[derive(Debug)]
pub struct HashSets {
    entries: TextMap<Entry>,
}

impl HashSets {
    fn path<'a>(&'a self, org: &str) -> impl Iterator<Item = &'a Text> + use<'a> {
        let parent = |org: &str| self.entries.get(org)?.parent.as_ref();
        core::iter::successors(parent(org), move |org| self.entries.get(*org)?.parent.as_ref())
    }
}

impl Structure for HashSets {
    const NAME: &'static str = "hashmap-of-hashsets";
    type Set<'a> = TextSet;
    type Path<'a> = Vec<Text>;
    type Org = Text;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let text = |id: &String| Text::from(id.as_str());
        let mut entries = TextMap::default();
        let ids: TextMap<Text> =
            database.rows().iter().map(|row| text(&row.id)).map(|id| (Arc::clone(&id), id)).collect();
        for row in database.rows() {
            let Some(id) = ids.get(row.id.as_str()) else { continue };
            let parent = row.parent.as_ref().and_then(|parent| ids.get(parent.as_str())).cloned();
            entries.insert(Arc::clone(id), Entry { parent, flags: row.flags, below: TextSet::default() });
        }
        let mut sets = HashSets { entries };
        let mut effort = Effort::of_storing();
        for id in ids.keys() {
            let path: Vec<Text> = sets.path(id).cloned().collect();
            effort.spend(path.len())?;
            for above in path {
                if let Some(entry) = sets.entries.get_mut(&above) {
                    entry.below.insert(Arc::clone(id));
                }
            }
        }
        Ok(sets)
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let is_below =
            |org: &str, above: &str| self.entries.get(above).is_some_and(|entry| entry.below.contains(org));
        Ok(one == other || is_below(one, other) || is_below(other, one))
    }

    fn natural_tree(&self, org: &str) -> Answer<TextSet> {
        let mut set = self.descendants(org)?;
        set.extend(self.path(org).cloned());
        set.insert(org.into());
        Ok(set)
    }

    fn descendants(&self, org: &str) -> Answer<TextSet> {
        Ok(self.entries.get(org).map(|entry| entry.below.clone()).unwrap_or_default())
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<Text>> {
        Ok(self.path(org).cloned().collect())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<Text>> {
        let is_legal_entity = |org: &str| {
            self.entries.get(org).is_some_and(|entry| entry.flags.contains(OrgFlags::LEGAL_ENTITY))
        };
        if is_legal_entity(org) {
            return Ok(Some(org.into()));
        }
        Ok(self.path(org).find(|org| is_legal_entity(org)).cloned())
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.entries.get(org).map(|entry| entry.flags)))
    }

    fn texts(&self, set: &TextSet) -> BTreeSet<String> {
        set.iter().map(|id| id.as_ref().to_owned()).collect()
    }

    fn text(&self, org: &Text) -> String {
        org.as_ref().to_owned()
    }
}
