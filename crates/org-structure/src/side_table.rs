//! `SideTable`: texts of the few organizations that have one.

use crate::invariant::{at, narrow};

/// Texts of some organizations, each distinct text stored once.
///
/// # Memory
/// 8 bytes per organization that has a text; 16 bytes and its own bytes per distinct text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SideTable {
    // INVARIANT: ranks ascend strictly; `texts` ascends strictly and each is used; every number is below its
    // length.
    entries: Box<[(u32, u32)]>,
    texts: Box<[Box<str>]>,
}

impl SideTable {
    /// Takes (rank, text) pairs with ascending ranks.
    pub(crate) fn new(pairs: &[(u32, &str)]) -> Self {
        let mut texts: Vec<&str> = pairs.iter().map(|&(_, text)| text).collect();
        texts.sort_unstable();
        texts.dedup();
        // Every text is in the list that was collected from these pairs.
        let number = |text: &str| narrow(texts.partition_point(|&other| other < text));
        let entries = pairs.iter().map(|&(rank, text)| (rank, number(text))).collect();
        SideTable { entries, texts: texts.into_iter().map(Box::from).collect() }
    }

    /// The text of an organization.
    ///
    /// # Complexity
    /// O(log entries), no allocation.
    pub(crate) fn get(&self, rank: u32) -> Option<&str> {
        let position = self.entries.binary_search_by_key(&rank, |&(rank, _)| rank).ok()?;
        let (_, number) = at(&self.entries, narrow(position));
        self.texts.get(number as usize).map(Box::as_ref)
    }

    /// Does no organization have a text?
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All (rank, number of the text) pairs, ranks ascending.
    pub(crate) fn entries(&self) -> &[(u32, u32)] {
        &self.entries
    }

    /// The distinct texts, ascending bytewise.
    pub(crate) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    pub(crate) fn ranks(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|&(rank, _)| rank)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[(u32, u32)]>(&self.entries)
            + size_of_val::<[Box<str>]>(&self.texts)
            + self.texts.iter().map(|text| text.len()).sum::<usize>()
    }
}
