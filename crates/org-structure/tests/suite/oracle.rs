//! The oracle: rows in a map, and loops that follow `parent`. Slow but obviously correct.

use std::collections::{BTreeMap, BTreeSet};

use org_structure::OrgFlags;

use crate::shapes::Row;

pub(crate) struct Oracle<'a> {
    rows: BTreeMap<&'a str, &'a Row>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(rows: &'a [Row]) -> Self {
        Oracle { rows: rows.iter().map(|row| (row.id.as_str(), row)).collect() }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.rows.keys().copied()
    }

    pub(crate) fn parent(&self, id: &str) -> Option<&'a str> {
        // A missing parent counts as none.
        let parent = self.rows[id].parent.as_deref()?;
        self.rows.contains_key(parent).then_some(parent)
    }

    /// Itself, its parent, and so on.
    pub(crate) fn path(&self, id: &'a str) -> Vec<&'a str> {
        let mut path = vec![id];
        while let Some(parent) = self.parent(path[path.len() - 1]) {
            path.push(parent);
        }
        path
    }

    pub(crate) fn children(&self, id: &str) -> BTreeSet<&'a str> {
        self.ids().filter(|child| self.parent(child) == Some(id)).collect()
    }

    pub(crate) fn descendants(&self, id: &str) -> BTreeSet<&'a str> {
        self.ids().filter(|other| *other != id && self.path(other).contains(&id)).collect()
    }

    pub(crate) fn natural_tree(&self, id: &'a str) -> BTreeSet<&'a str> {
        self.path(id).into_iter().chain(self.descendants(id)).collect()
    }

    pub(crate) fn nearest(&self, id: &'a str, is_it: impl Fn(&Row) -> bool) -> Option<&'a str> {
        self.path(id).into_iter().find(|id| is_it(self.rows[id]))
    }

    pub(crate) fn nearest_flagged(&self, id: &'a str, flags: OrgFlags) -> Option<&'a str> {
        self.nearest(id, |row| row.flags.intersects(flags))
    }

    /// All ids in the order that the numbering promises: heaviest child first, ties by id.
    pub(crate) fn tree_order(&self) -> Vec<&'a str> {
        let weight: BTreeMap<&str, usize> = self.ids().map(|id| (id, self.descendants(id).len())).collect();
        let mut order = Vec::new();
        let roots: Vec<&str> = self.ids().filter(|id| self.parent(id).is_none()).collect();
        let mut waiting = vec![roots];
        while let Some(mut siblings) = waiting.pop() {
            siblings.sort_by_key(|id| (std::cmp::Reverse(weight[id]), *id));
            let Some(&first) = siblings.first() else { continue };
            order.push(first);
            siblings.remove(0);
            waiting.push(siblings);
            waiting.push(self.children(first).into_iter().collect());
        }
        order
    }
}
