//! `RoaringPerOrg`: the natural tree of every organization, stored as a roaring bitmap.

use std::collections::BTreeSet;
use std::sync::Arc;

use org_structure::OrgFlags;
use roaring::RoaringBitmap;

use crate::structure::{Answer, Database, Effort, Structure, Text, TextMap, transaction_allowed};

#[derive(Debug)]
struct Entry {
    id: Text,
    parent: Option<u32>,
    flags: OrgFlags,
    natural_tree: RoaringBitmap,
}

/// Organizations are numbered in row order.
#[derive(Debug)]
pub struct RoaringPerOrg {
    numbers: TextMap<u32>,
    entries: Vec<Entry>,
}

impl RoaringPerOrg {
    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)
    }

    fn find(&self, org: &str) -> Option<(u32, &Entry)> {
        let number = *self.numbers.get(org)?;
        Some((number, self.entry(number)?))
    }

    fn path(&self, number: u32) -> impl Iterator<Item = u32> {
        let parent = |number: u32| self.entry(number)?.parent;
        core::iter::successors(parent(number), move |&number| parent(number))
    }
}

impl Structure for RoaringPerOrg {
    const NAME: &'static str = "roaring-per-org";
    type Set<'a> = RoaringBitmap;
    type Path<'a> = Vec<u32>;
    type Org = u32;

    fn load(database: &Arc<Database>) -> Answer<Self> {
        let rows = database.rows();
        let ids: Vec<Text> = rows.iter().map(|row| Text::from(row.id.as_str())).collect();
        let numbers: TextMap<u32> = ids.iter().cloned().zip(0..).collect();
        let entry = |(row, id): (&crate::trees::Row, Text)| Entry {
            id,
            parent: row.parent.as_ref().and_then(|parent| numbers.get(parent.as_str()).copied()),
            flags: row.flags,
            natural_tree: RoaringBitmap::new(),
        };
        let entries = rows.iter().zip(ids).map(entry).collect();
        let mut roaring = RoaringPerOrg { numbers, entries };
        let mut effort = Effort::of_loading();
        for number in 0.. {
            let path: Vec<u32> = roaring.path(number).collect();
            let Some(entry) = roaring.entries.get_mut(number as usize) else { break };
            entry.natural_tree.extend(path.iter().chain([&number]));
            // Each of these is a search in a bitmap, which costs more than a comparison.
            effort.spend(path.len() * 40)?;
            for above in path {
                if let Some(entry) = roaring.entries.get_mut(above as usize) {
                    entry.natural_tree.insert(number);
                }
            }
        }
        Ok(roaring)
    }

    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool> {
        let (one, other) = (self.find(one), self.find(other));
        Ok(one.zip(other).is_some_and(|((_, one), (other, _))| one.natural_tree.contains(other)))
    }

    fn is_in_natural_tree_by_index(&self, one: u32, other: u32) -> Answer<bool> {
        Ok(self.entry(one).is_some_and(|one| one.natural_tree.contains(other)))
    }

    fn natural_tree(&self, org: &str) -> Answer<RoaringBitmap> {
        Ok(self.find(org).map(|(_, entry)| entry.natural_tree.clone()).unwrap_or_default())
    }

    fn natural_tree_by_index(&self, org: u32) -> Answer<RoaringBitmap> {
        Ok(self.entry(org).map(|entry| entry.natural_tree.clone()).unwrap_or_default())
    }

    fn descendants(&self, org: &str) -> Answer<RoaringBitmap> {
        let Some((number, entry)) = self.find(org) else { return Ok(RoaringBitmap::new()) };
        let above: RoaringBitmap = self.path(number).chain([number]).collect();
        Ok(&entry.natural_tree - &above)
    }

    fn ancestors(&self, org: &str) -> Answer<Vec<u32>> {
        Ok(self.find(org).map(|(number, _)| self.path(number).collect()).unwrap_or_default())
    }

    fn legal_entity(&self, org: &str) -> Answer<Option<u32>> {
        self.find(org).map_or(Ok(None), |(number, _)| self.legal_entity_by_index(number))
    }

    fn legal_entity_by_index(&self, number: u32) -> Answer<Option<u32>> {
        let is_legal_entity =
            |&org: &u32| self.entry(org).is_some_and(|entry| entry.flags.contains(OrgFlags::LEGAL_ENTITY));
        Ok(core::iter::once(number).chain(self.path(number)).find(is_legal_entity))
    }

    fn transaction_allowed(&self, orgs: &str) -> Answer<String> {
        Ok(transaction_allowed(orgs, |org| self.find(org).map(|(_, entry)| entry.flags)))
    }

    fn texts(&self, set: &RoaringBitmap) -> BTreeSet<String> {
        set.iter().map(|number| self.text(&number)).collect()
    }

    fn text(&self, org: &u32) -> String {
        self.entry(*org).map(|entry| entry.id.as_ref().to_owned()).unwrap_or_default()
    }
}
