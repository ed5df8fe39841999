//! `Numbering`: organizations in preorder, heaviest child first.

use crate::column::NONE;
use crate::invariant::{at, at_mut, narrow, range};

/// The order of a tree: every organization after its parent, every subtree one range, and of the children of
/// an organization the one with the largest subtree first (ties by id).
///
/// The first child follows its parent at once, so the largest subtrees form *heavy chains*: runs of
/// consecutive ranks from which every step to another chain at least doubles the subtree. So the ancestors of
/// an organization are at most `log2(n) + 1` ranges.
pub(crate) struct Numbering {
    /// The row of each rank.
    pub(crate) order: Vec<u32>,
    /// The rank of each row.
    pub(crate) rank_of: Vec<u32>,
}

impl Numbering {
    /// Orders rows, given each row's parent row (or [`NONE`]) and the bytes of its id.
    ///
    /// # Errors
    /// The rows that lie on cycles, if there are any.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) memory, no recursion.
    pub(crate) fn new<'a>(parents: &[u32], id: impl Fn(u32) -> &'a [u8]) -> Result<Self, Vec<u32>> {
        let counts = child_counts(parents);
        let Subtrees { sizes, upwards } = Subtrees::new(parents, counts.clone())?;
        let siblings = Siblings::new(parents, counts, &sizes, &id);

        let mut numbering = Numbering { order: vec![0; parents.len()], rank_of: vec![0; parents.len()] };
        numbering.place(0, siblings.roots());
        for &row in upwards.iter().rev() {
            let rank = at(&numbering.rank_of, row);
            numbering.place(rank + 1, siblings.below(row));
        }
        Ok(numbering)
    }

    /// Gives consecutive ranges, from `rank` on, to the subtrees of siblings.
    fn place(&mut self, mut rank: u32, siblings: &[Child]) {
        for child in siblings {
            *at_mut(&mut self.order, rank) = child.row();
            *at_mut(&mut self.rank_of, child.row()) = rank;
            rank += child.size();
        }
    }
}

/// How many rows are directly below each row.
fn child_counts(parents: &[u32]) -> Vec<u32> {
    let mut counts = vec![0; parents.len()];
    for &parent in parents.iter().filter(|&&parent| parent != NONE) {
        *at_mut(&mut counts, parent) += 1;
    }
    counts
}

/// The subtrees of all rows.
struct Subtrees {
    /// How many rows each one has, the row itself included.
    sizes: Vec<u32>,
    /// All rows, children before parents.
    upwards: Vec<u32>,
}

impl Subtrees {
    /// Counts sizes from the leaves upwards, given each row's number of children. Rows on cycles are left
    /// over.
    fn new(parents: &[u32], mut uncounted: Vec<u32>) -> Result<Self, Vec<u32>> {
        /// Marks a row as counted, in place of its number of children.
        const COUNTED: u32 = NONE;
        let mut sizes = vec![1_u32; parents.len()];
        let mut upwards = Vec::with_capacity(parents.len());
        for start in 0..narrow(parents.len()) {
            let mut row = start;
            while row != NONE && at(&uncounted, row) == 0 {
                *at_mut(&mut uncounted, row) = COUNTED;
                upwards.push(row);
                let (parent, size) = (at(parents, row), at(&sizes, row));
                if parent != NONE {
                    *at_mut(&mut uncounted, parent) -= 1;
                    *at_mut(&mut sizes, parent) += size;
                }
                row = parent;
            }
        }
        if upwards.len() == parents.len() {
            return Ok(Subtrees { sizes, upwards });
        }
        let left = (0..).zip(uncounted).filter(|&(_, children)| children != COUNTED);
        Err(left.map(|(row, _)| row).collect())
    }
}

/// A row below a parent, with its sort key among the siblings, in one number, so that sorting has no branch:
/// 32 bits that are larger for smaller subtrees, the first 8 bytes of the id, and 32 bits for the row.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Child(u128);

impl Child {
    fn new(size: u32, id: &[u8], row: u32) -> Self {
        Child(u128::from(!size) << 96 | u128::from(prefix(id)) << 32 | u128::from(row))
    }

    fn size(self) -> u32 {
        let [.., a, b, c, d] = self.0.to_le_bytes();
        !u32::from_le_bytes([a, b, c, d])
    }

    fn row(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Do the two differ only in the rest of the id?
    fn is_like(self, other: Self) -> bool {
        self.0 >> 32 == other.0 >> 32
    }
}

/// All rows, grouped by parent and sorted within each group; the roots come first.
struct Siblings {
    children: Vec<Child>,
    /// Where the group below each row ends. It begins where that of the previous row ends.
    ends: Vec<u32>,
    roots: u32,
}

impl Siblings {
    fn new<'a>(parents: &[u32], mut counts: Vec<u32>, sizes: &[u32], id: &impl Fn(u32) -> &'a [u8]) -> Self {
        let roots = narrow(parents.len()) - counts.iter().sum::<u32>();
        let mut next_root = 0;
        let mut end = roots;
        // Counts become the place of each group's next child. When all are placed, that is the group's end.
        for count in &mut counts {
            end += core::mem::replace(count, end);
        }
        let mut children = vec![Child::default(); parents.len()];
        for ((row, &parent), &size) in (0..).zip(parents).zip(sizes) {
            let place = if parent == NONE { &mut next_root } else { at_mut(&mut counts, parent) };
            *at_mut(&mut children, *place) = Child::new(size, id(row), row);
            *place += 1;
        }
        let mut siblings = Siblings { children, ends: counts, roots };
        siblings.sort(id);
        siblings
    }

    fn sort<'a>(&mut self, id: &impl Fn(u32) -> &'a [u8]) {
        let mut rest = self.children.as_mut_slice();
        let mut start = 0;
        for end in core::iter::once(self.roots).chain(self.ends.iter().copied()) {
            let Some((group, after)) = rest.split_at_mut_checked((end - start) as usize) else { return };
            if group.len() > 1 {
                group.sort_unstable();
                for alike in group.chunk_by_mut(|one, next| one.is_like(*next)) {
                    alike.sort_unstable_by_key(|child| id(child.row()));
                }
            }
            (rest, start) = (after, end);
        }
    }

    fn below(&self, row: u32) -> &[Child] {
        let start = match row.checked_sub(1) {
            Some(before) => at(&self.ends, before),
            None => self.roots,
        };
        range(&self.children, start..at(&self.ends, row))
    }

    fn roots(&self) -> &[Child] {
        range(&self.children, 0..self.roots)
    }
}

/// The first 8 bytes as a number with the same order.
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

/// The parent of each rank, as a rank.
pub(crate) fn parents_by_rank(numbering: &Numbering, parents: &[u32]) -> Vec<u32> {
    let rank_of = |row: u32| if row == NONE { NONE } else { at(&numbering.rank_of, row) };
    numbering.order.iter().map(|&row| rank_of(at(parents, row))).collect()
}

/// Where each subtree ends, given each rank's parent, which is less than the rank (or [`NONE`]).
pub(crate) fn subtree_ends(parents: &[u32]) -> Vec<u32> {
    let mut ends: Vec<u32> = (1..=narrow(parents.len())).collect();
    for (rank, &parent) in
        (0..narrow(parents.len())).zip(parents).rev().filter(|&(_, &parent)| parent != NONE)
    {
        let end = at(&ends, rank);
        let parent_end = at_mut(&mut ends, parent);
        *parent_end = end.max(*parent_end);
    }
    ends
}

/// The first rank of each rank's heavy chain.
pub(crate) fn chain_heads(parents: &[u32]) -> Vec<u32> {
    let mut head = 0;
    let head_of = |(rank, &parent): (u32, &u32)| {
        if rank.checked_sub(1) != Some(parent) {
            head = rank;
        }
        head
    };
    (0..).zip(parents).map(head_of).collect()
}
