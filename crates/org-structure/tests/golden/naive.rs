//! The answers that a walk over the rows gives, one parent at a time.

use std::collections::HashMap;

use org_structure::OrgStructure;
use serde_json::{Value, json};

use crate::Row;
use crate::answers::NEAREST;

/// The rows of a tree by rank, and their parents.
pub(crate) struct Walk<'a> {
    rows: Vec<&'a Row>,
    parents: Vec<Option<usize>>,
}

impl<'a> Walk<'a> {
    /// Takes only the numbering from the tree.
    pub(crate) fn new(rows: &'a [Row], tree: &OrgStructure) -> Self {
        let rank: HashMap<&str, usize> = rows
            .iter()
            .map(|row| (row.id.as_str(), tree.index_of(&row.id).unwrap().rank() as usize))
            .collect();
        let mut by_rank: Vec<&Row> = rows.iter().collect();
        by_rank.sort_by_key(|row| rank[row.id.as_str()]);
        let parent = |row: &&Row| rank.get(row.parent.as_deref()?).copied();
        Walk { parents: by_rank.iter().map(parent).collect(), rows: by_rank }
    }

    fn path(&self, rank: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(rank), |&rank| self.parents[rank])
    }

    fn nearest(&self, rank: usize, is_it: impl Fn(&Row) -> bool) -> Option<usize> {
        self.path(rank).find(|&rank| is_it(self.rows[rank]))
    }

    pub(crate) fn answer(&self, rank: usize) -> Value {
        let all = 0..self.rows.len();
        let mut ancestors: Vec<usize> = self.path(rank).skip(1).collect();
        ancestors.reverse();
        let descendants: Vec<usize> =
            all.clone().filter(|&other| self.path(other).skip(1).any(|above| above == rank)).collect();
        let natural_tree = [ancestors.as_slice(), &[rank], &descendants].concat();
        let row = self.rows[rank];
        let mut answer = json!({
            "rank": rank,
            "id": row.id,
            "parent": self.parents[rank],
            "flags": row.flags,
            "time_zone": row.time_zone,
            "calendar": row.calendar,
            "depth": ancestors.len(),
            "children": all.filter(|&other| self.parents[other] == Some(rank)).collect::<Vec<_>>(),
            "ancestors": ranges(&ancestors),
            "descendants": ranges(&descendants),
            "natural_tree": ranges(&natural_tree),
            "calendar_owner": self.nearest(rank, |row| row.calendar.is_some()),
        });
        for (name, flags) in NEAREST {
            answer[name] = json!(self.nearest(rank, |row| row.flags & flags.bits() != 0));
        }
        answer
    }
}

/// Ascending ranks as ranges.
fn ranges(ranks: &[usize]) -> Vec<[usize; 2]> {
    ranks.chunk_by(|one, next| one + 1 == *next).map(|run| [run[0], run[run.len() - 1] + 1]).collect()
}
