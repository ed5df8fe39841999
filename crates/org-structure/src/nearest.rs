//! `Nearest`: for every organization, its nearest ancestor of some kind.

use crate::column::{Column, NONE, narrow};

/// Answers "which organization of a kind is the nearest, from here upwards, here included?" without a walk.
///
/// Over the preorder the answer is a step function: it changes where a subtree of that kind begins, and where
/// it ends. So it has at most two steps for each organization of the kind; where those would take more bytes
/// than one value an organization, the values are stored instead.
///
/// # Memory
/// `min(2 * steps, organizations)` integers of 2 or 4 bytes, with `steps <= 2 * organizations of the kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nearest {
    // INVARIANT: `starts` ascends strictly, and there is one owner a start.
    Steps { starts: Column, owners: Column },
    Owners(Column),
}

impl Default for Nearest {
    fn default() -> Self {
        Nearest::Owners(Column::default())
    }
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
            if let Some(&end) = subtree_end.get(rank as usize) {
                open.push((end, rank));
            }
        }
        close_until(narrow(organizations), &mut open, &mut steps);
        steps.starts.pop_if(|start| *start as usize >= organizations);
        steps.owners.truncate(steps.starts.len());
        if steps.starts.len() * 2 < organizations {
            let starts = Column::new(organizations, &steps.starts);
            return Nearest::Steps { starts, owners: Column::new(organizations, &steps.owners) };
        }
        let mut owners = vec![NONE; organizations];
        let ends = steps.starts.iter().skip(1).copied().chain([narrow(organizations)]);
        for ((&start, end), &owner) in steps.starts.iter().zip(ends).zip(&steps.owners) {
            if let Some(range) = owners.get_mut(start as usize..end as usize) {
                range.fill(owner);
            }
        }
        Nearest::Owners(Column::new(organizations, &owners))
    }

    /// The rank of the nearest organization of the kind from `rank` upwards, `rank` included.
    ///
    /// # Complexity
    /// O(log steps), no allocation.
    #[inline]
    pub(crate) fn from(&self, rank: u32) -> Option<u32> {
        match self {
            Nearest::Steps { starts, owners } => {
                let step = starts.count_up_to(rank).checked_sub(1)?;
                owners.rank(narrow(step))
            }
            Nearest::Owners(owners) => owners.rank(rank),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Nearest::Steps { starts, owners } => starts.heap_bytes() + owners.heap_bytes(),
            Nearest::Owners(owners) => owners.heap_bytes(),
        }
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
