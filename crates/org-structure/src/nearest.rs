//! `Nearest`: for every organization, its nearest ancestor of one kind.

use crate::column::{Column, NONE};
use crate::invariant::{at, at_mut, narrow};

/// Finds the nearest organization of a kind, from a given one upwards (inclusive), without a walk.
///
/// Over the preorder the answer is a step function: it changes where a subtree of that kind begins, and where
/// it ends. So there are at most two steps for each organization of the kind. One bit per rank marks the
/// steps; counting the bits up to a rank finds its step.
///
/// # Memory
/// Nothing if no organization is of the kind. Otherwise 8 bytes for every 32 organizations, and 2 or 4 bytes
/// a step, with `steps <= 2 * organizations of the kind` and `steps <= organizations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nearest {
    // INVARIANT: the blocks cover all ranks, or there are no blocks; `owners` has one entry per step.
    blocks: Box<[Block]>,
    owners: Column,
}

/// The steps at 32 ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Block {
    /// One bit per rank, lowest first: set if the rank has a step.
    steps: u32,
    /// How many steps are in the blocks before this one.
    before: u32,
}

impl Nearest {
    /// `kind` are the ranks of the organizations of that kind, ascending.
    pub(crate) fn new(subtree_end: &[u32], kind: impl IntoIterator<Item = u32>) -> Self {
        let organizations = narrow(subtree_end.len());
        let mut steps = Steps::default();
        // The open subtrees of that kind at the current rank, as (end, owner), outermost first.
        let mut open: Vec<(u32, u32)> = Vec::new();
        for rank in kind {
            close_until(rank, &mut open, &mut steps);
            steps.push(rank, rank);
            open.push((at(subtree_end, rank), rank));
        }
        close_until(organizations, &mut open, &mut steps);
        steps.0.pop_if(|(start, _)| *start == organizations);
        if steps.0.is_empty() {
            return Nearest::default();
        }
        let mut blocks = vec![Block::default(); subtree_end.len().div_ceil(32)];
        for &(start, _) in &steps.0 {
            at_mut(&mut blocks, start / 32).steps |= 1 << (start % 32);
        }
        let mut before = 0;
        for block in &mut blocks {
            block.before = before;
            before += block.steps.count_ones();
        }
        let owners: Vec<u32> = steps.0.into_iter().map(|(_, owner)| owner).collect();
        Nearest { blocks: blocks.into(), owners: Column::new(subtree_end.len(), &owners) }
    }

    /// The rank of the nearest organization of the kind from `rank` upwards, `rank` included.
    ///
    /// # Complexity
    /// O(1), no allocation.
    #[inline]
    pub(crate) fn from(&self, rank: u32) -> Option<u32> {
        let block = self.blocks.get(rank as usize / 32)?;
        // Shift out the bits above that of the rank.
        let up_to_rank = block.steps << (31 - rank % 32);
        let step = (block.before + up_to_rank.count_ones()).checked_sub(1)?;
        self.owners.rank(step)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[Block]>(&self.blocks) + self.owners.heap_bytes()
    }
}

/// The ranks at which the answer changes, ascending, each with the owner from there on.
#[derive(Default)]
struct Steps(Vec<(u32, u32)>);

impl Steps {
    fn push(&mut self, start: u32, owner: u32) {
        self.0.pop_if(|(last, _)| *last == start);
        if self.0.last().is_none_or(|&(_, last)| last != owner) {
            self.0.push((start, owner));
        }
    }
}

/// Closes the open subtrees that end at or before `rank`, and restores the owner around each.
fn close_until(rank: u32, open: &mut Vec<(u32, u32)>, steps: &mut Steps) {
    while let Some((end, _)) = open.pop_if(|(end, _)| *end <= rank) {
        steps.push(end, open.last().map_or(NONE, |&(_, owner)| owner));
    }
}
