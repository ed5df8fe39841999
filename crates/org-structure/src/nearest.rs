//! `Nearest`: for every organization, its nearest ancestor of some kind.

use crate::column::{Column, NONE};
use crate::invariant::{at, narrow};

/// Answers "which organization of a kind is the nearest, from here upwards, here included?" without a walk.
///
/// Over the preorder the answer is a step function: it changes where a subtree of that kind begins, and where
/// it ends. So it has at most two steps for each organization of the kind; where those would take more bytes
/// than one value an organization, the values are stored instead.
///
/// # Memory
/// `min(2 * steps, organizations)` integers of 2 or 4 bytes, with `steps <= 2 * organizations of the kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nearest {
    // INVARIANT: where there are steps, `values` is where each starts, ascending strictly, and then the owner
    // from there on, one a start; where there are none, it is one owner an organization, or nothing if there
    // is no owner.
    values: Column,
    steps: u32,
}

impl Nearest {
    /// `kind` are the ranks of the organizations of that kind, ascending.
    pub(crate) fn new(subtree_end: &[u32], kind: impl IntoIterator<Item = u32>) -> Self {
        let organizations = subtree_end.len();
        let mut steps = Steps::default();
        // The subtrees of that kind that are open at the current rank, as (end, owner), outermost first.
        let mut open: Vec<(u32, u32)> = Vec::new();
        for rank in kind {
            close_until(rank, &mut open, &mut steps);
            steps.push(rank, rank);
            open.push((at(subtree_end, rank), rank));
        }
        close_until(narrow(organizations), &mut open, &mut steps);
        steps.starts.pop_if(|start| *start as usize >= organizations);
        steps.owners.truncate(steps.starts.len());
        if steps.starts.len() * 2 < organizations {
            let count = narrow(steps.starts.len());
            steps.starts.append(&mut steps.owners);
            return Nearest { values: Column::new(organizations, &steps.starts), steps: count };
        }
        let mut owners = vec![NONE; organizations];
        let ends = steps.starts.iter().skip(1).copied().chain([narrow(organizations)]);
        for ((&start, end), &owner) in steps.starts.iter().zip(ends).zip(&steps.owners) {
            if let Some(range) = owners.get_mut(start as usize..end as usize) {
                range.fill(owner);
            }
        }
        Nearest { values: Column::new(organizations, &owners), steps: 0 }
    }

    /// The rank of the nearest organization of the kind from `rank` upwards, `rank` included.
    ///
    /// # Complexity
    /// O(log steps), no allocation.
    #[inline]
    pub(crate) fn from(&self, rank: u32) -> Option<u32> {
        if self.steps == 0 {
            return self.values.rank(rank);
        }
        let step = self.values.count_up_to(rank, self.steps).checked_sub(1)?;
        self.values.rank(self.steps + step)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.values.heap_bytes()
    }
}

#[derive(Default)]
struct Steps {
    starts: Vec<u32>,
    owners: Vec<u32>,
}

impl Steps {
    fn push(&mut self, start: u32, owner: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.owners.pop();
        }
        if self.owners.last() != Some(&owner) {
            self.starts.push(start);
            self.owners.push(owner);
        }
    }
}

/// Ends the open subtrees that do not reach beyond `rank`, and goes back to the owner around each.
fn close_until(rank: u32, open: &mut Vec<(u32, u32)>, steps: &mut Steps) {
    while let Some((end, _)) = open.pop_if(|(end, _)| *end <= rank) {
        steps.push(end, open.last().map_or(NONE, |&(_, owner)| owner));
    }
}
