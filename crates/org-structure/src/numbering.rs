//! `Numbering`: organizations in preorder, heaviest child first.

use crate::column::{NONE, narrow};

/// The order of a tree: every organization after its parent, every subtree one range, and of the children of
/// an organization the one with the largest subtree first (ties by id).
///
/// The first child follows its parent at once, so the largest subtrees form *heavy chains*: runs of consecutive
/// ranks from which every step to another chain at least doubles the subtree. That is why ancestors are at most
/// `log2(n) + 1` ranges.
pub(crate) struct Numbering {
    /// The row of each rank.
    pub(crate) order: Vec<u32>,
    /// The rank of each row.
    pub(crate) rank_of: Vec<u32>,
}

/// A row below some parent, with what decides its place among the siblings.
#[derive(Clone, Copy, Default)]
struct Child {
    size: u32,
    row: u32,
    /// The first 8 bytes of the id: mostly enough to compare.
    prefix: u64,
}

impl Child {
    /// Heaviest first, then by the beginning of the id: one number, so that sorting takes no branch on it.
    fn key(&self) -> u128 {
        u128::from(!self.size) << 64 | u128::from(self.prefix)
    }
}

impl Numbering {
    /// Orders rows, given each row's parent row (or [`NONE`]) and the bytes of its id.
    ///
    /// # Errors
    /// The rows that lie on cycles or below one, if there are any.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) memory, no recursion.
    pub(crate) fn new<'a>(parents: &[u32], id: impl Fn(u32) -> &'a [u8]) -> Result<Self, Vec<u32>> {
        let mut siblings = Siblings::new(parents, &id);
        let downwards = siblings.breadth_first(parents)?;
        siblings.sort(&subtree_sizes(parents, &downwards), &id);

        let mut numbering = Numbering { order: vec![0; parents.len()], rank_of: vec![0; parents.len()] };
        numbering.place(0, siblings.roots());
        for &row in &downwards {
            let rank = numbering.rank_of.get(row as usize).copied().unwrap_or_default();
            numbering.place(rank + 1, siblings.below(row));
        }
        Ok(numbering)
    }

    /// Gives consecutive ranges, from `rank` on, to the subtrees of siblings.
    fn place(&mut self, mut rank: u32, siblings: &[Child]) {
        for child in siblings {
            if let Some(place) = self.order.get_mut(rank as usize) {
                *place = child.row;
            }
            if let Some(place) = self.rank_of.get_mut(child.row as usize) {
                *place = rank;
            }
            rank += child.size;
        }
    }
}

/// All rows, grouped by parent; the roots come first.
struct Siblings {
    children: Vec<Child>,
    /// Where the group below each row ends; it begins where that of the row before ends.
    ends: Vec<u32>,
    roots: u32,
}

impl Siblings {
    fn new<'a>(parents: &[u32], id: &impl Fn(u32) -> &'a [u8]) -> Self {
        let mut counts = vec![0_u32; parents.len()];
        let mut roots = 0;
        for &parent in parents {
            match counts.get_mut(parent as usize) {
                Some(count) => *count += 1,
                None => roots += 1,
            }
        }
        let mut next_root = 0;
        let mut end = roots;
        // Counts become the place of each group's next child, and so, when all are placed, its end.
        for count in &mut counts {
            end += core::mem::replace(count, end);
        }
        let mut children = vec![Child::default(); parents.len()];
        for (row, &parent) in (0..).zip(parents) {
            let place = counts.get_mut(parent as usize).unwrap_or(&mut next_root);
            if let Some(child) = children.get_mut(*place as usize) {
                *child = Child { size: 1, row, prefix: prefix(id(row)) };
            }
            *place += 1;
        }
        Siblings { children, ends: counts, roots }
    }

    fn group(&self, row: u32) -> core::ops::Range<usize> {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before as usize).copied().unwrap_or_default(),
            None => self.roots,
        };
        start as usize..self.ends.get(row as usize).copied().unwrap_or(start) as usize
    }

    fn below(&self, row: u32) -> &[Child] {
        self.children.get(self.group(row)).unwrap_or_default()
    }

    fn roots(&self) -> &[Child] {
        self.children.get(..self.roots as usize).unwrap_or_default()
    }

    /// All rows, parents before children; or those that no root leads to.
    fn breadth_first(&self, parents: &[u32]) -> Result<Vec<u32>, Vec<u32>> {
        let mut reached: Vec<u32> = Vec::with_capacity(parents.len());
        reached.extend(self.roots().iter().map(|root| root.row));
        let mut next = 0;
        while let Some(&row) = reached.get(next) {
            reached.extend(self.below(row).iter().map(|child| child.row));
            next += 1;
        }
        if reached.len() == parents.len() {
            return Ok(reached);
        }
        let mut unreached = vec![true; parents.len()];
        for row in reached {
            if let Some(mark) = unreached.get_mut(row as usize) {
                *mark = false;
            }
        }
        Err((0..).zip(unreached).filter(|&(_, unreached)| unreached).map(|(row, _)| row).collect())
    }

    fn sort<'a>(&mut self, sizes: &[u32], id: &impl Fn(u32) -> &'a [u8]) {
        for child in &mut self.children {
            child.size = sizes.get(child.row as usize).copied().unwrap_or(1);
        }
        let mut rest = self.children.as_mut_slice();
        let mut start = 0;
        for end in core::iter::once(self.roots).chain(self.ends.iter().copied()) {
            let Some((group, after)) = rest.split_at_mut_checked((end - start) as usize) else { return };
            group.sort_unstable_by(|a, b| a.key().cmp(&b.key()).then_with(|| id(a.row).cmp(id(b.row))));
            (rest, start) = (after, end);
        }
    }
}

/// The first 8 bytes as a number that compares as they do.
fn prefix(id: &[u8]) -> u64 {
    if let Some(first) = id.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut padded = [0; 8];
    for (place, &byte) in padded.iter_mut().zip(id) {
        *place = byte;
    }
    u64::from_be_bytes(padded)
}

/// How many rows each row's subtree has, itself included.
fn subtree_sizes(parents: &[u32], downwards: &[u32]) -> Vec<u32> {
    let mut sizes = vec![1; parents.len()];
    for &row in downwards.iter().rev() {
        let size = sizes.get(row as usize).copied().unwrap_or_default();
        if let Some(parent) = parents.get(row as usize).and_then(|&parent| sizes.get_mut(parent as usize)) {
            *parent += size;
        }
    }
    sizes
}

/// The parents of ranks, as ranks.
pub(crate) fn parents_by_rank(numbering: &Numbering, parents: &[u32]) -> Vec<u32> {
    let parent_of = |&row: &u32| parents.get(row as usize).copied().unwrap_or(NONE);
    let rank_of = |row: u32| numbering.rank_of.get(row as usize).copied().unwrap_or(NONE);
    numbering.order.iter().map(parent_of).map(rank_of).collect()
}

/// Where each subtree ends, given each rank's parent, which is less than the rank (or [`NONE`]).
pub(crate) fn subtree_ends(parents: &[u32]) -> Vec<u32> {
    let mut ends: Vec<u32> = (1..=narrow(parents.len())).collect();
    for rank in (0..parents.len()).rev() {
        let end = ends.get(rank).copied().unwrap_or_default();
        let parent = parents.get(rank).copied().unwrap_or(NONE);
        if let Some(parent_end) = ends.get_mut(parent as usize) {
            *parent_end = end.max(*parent_end);
        }
    }
    ends
}

/// The first rank of each rank's heavy chain.
pub(crate) fn chain_heads(parents: &[u32]) -> Vec<u32> {
    let mut heads: Vec<u32> = Vec::with_capacity(parents.len());
    for (rank, &parent) in (0_u32..).zip(parents) {
        let continues = rank.checked_sub(1) == Some(parent);
        heads.push(if continues { heads.last().copied().unwrap_or(rank) } else { rank });
    }
    heads
}
