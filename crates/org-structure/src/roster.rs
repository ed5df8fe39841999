//! `Roster`: the ids and flags by rank, and the hash table from an id back to its rank.

use std::sync::LazyLock;

use ahash::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::column::NARROW_MAX;
use crate::invariant::{at, at_mut, narrow, narrow_rank, range};
use crate::{InvalidId, MAX_ID_BYTES, OrgFlags, OrgId, hex};

/// Hashes the ids of all trees of the process. The keys are random, so that chosen ids do not collide, and
/// global, so that no tree stores them.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The index of a slot's last byte, which holds the length of a text.
const LENGTH: usize = 15;

/// Ids and flags of all organizations.
///
/// # Memory
/// 17 bytes per organization, one more if any organization has one of the higher eight flags, and one bit if
/// any id is not upper-case hexadecimal; a hash table of ranks with 1 control byte per place and 8 places for
/// 7 organizations, rounded up to a power of two; the texts of ids with 16 to 31 bytes, and of those with 32
/// that are not upper-case hexadecimal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    /// 16 bytes of packed digits, or a text of up to 15 bytes and its length, or the offset of a longer text.
    slots: Box<[[u8; 16]]>,
    /// The lower eight flags.
    low_flags: Box<[u8]>,
    /// The higher eight flags; empty if no organization has one of them.
    high_flags: Box<[u8]>,
    /// One bit per organization, lowest first: the slot holds a text. Ends at the last text.
    text_marks: Box<[u8]>,
    /// The longer texts, one after the other.
    texts: Box<str>,
    ranks: Ranks,
}

/// Ranks hashed by id. The hash table refers to the slots, so no id is stored twice.
#[derive(Clone, Debug)]
enum Ranks {
    Narrow(HashTable<u16>),
    Wide(HashTable<u32>),
}

/// An id in the form in which slots are compared: a number stays in registers.
#[derive(Clone, Copy, PartialEq)]
enum Key<'a> {
    /// The 16 bytes of packed digits.
    Digits(u128),
    Text(&'a str),
}

/// An id in its stored form.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Name<'a> {
    /// 32 upper-case hexadecimal digits, [folded](hex).
    Digits([u8; 16]),
    Text(&'a str),
}

impl<'a> Key<'a> {
    #[inline]
    fn from_id(id: &'a str) -> Self {
        match hex::pack(id.as_bytes()) {
            Some(digits) => Key::Digits(u128::from_le_bytes(digits)),
            None => Key::Text(id),
        }
    }

    #[inline]
    fn hash(&self) -> u64 {
        match self {
            Key::Digits(digits) => HASHER.hash_one(digits),
            Key::Text(text) => HASHER.hash_one(text),
        }
    }
}

/// Why ids cannot form a roster.
pub(crate) enum RosterFault {
    Id(InvalidId),
    /// The smallest id that occurs twice.
    Duplicate(OrgId),
}

impl Roster {
    /// Numbers ids in the order given.
    pub(crate) fn new<'a>(
        members: impl ExactSizeIterator<Item = (&'a str, OrgFlags)>,
    ) -> Result<Self, RosterFault> {
        let count = members.len();
        let mut slots = Vec::with_capacity(count);
        let mut flags = Vec::with_capacity(count);
        let mut texts = String::new();
        let mut marks = Marks::default();
        for (id, own) in members {
            flags.push(own);
            match Key::from_id(id) {
                Key::Digits(digits) => slots.push(digits.to_le_bytes()),
                Key::Text(text) => {
                    OrgId::new(text).map_err(RosterFault::Id)?;
                    marks.set(slots.len());
                    slots.push(text_slot(text, &mut texts));
                }
            }
        }
        let (low_flags, high_flags) = split_flags(&flags);
        let ranks = if count > NARROW_MAX {
            Ranks::Wide(HashTable::with_capacity(count))
        } else {
            Ranks::Narrow(HashTable::with_capacity(count))
        };
        let mut roster = Roster {
            slots: slots.into(),
            low_flags,
            high_flags,
            text_marks: marks.0.into(),
            texts: texts.into(),
            ranks,
        };
        roster.index()?;
        Ok(roster)
    }

    /// Fills the hash table, which must be empty and large enough.
    fn index(&mut self) -> Result<(), RosterFault> {
        let mut ranks = core::mem::take(&mut self.ranks);
        let mut duplicate: Option<OrgId> = None;
        for rank in 0..narrow(self.slots.len()) {
            let slot = self.slot(rank);
            let same = |other: u32| self.slot(other) == slot;
            if !ranks.insert(slot.hash(), rank, same, |other| self.hash_of(other)) {
                duplicate = duplicate.into_iter().chain([self.known_id(rank)]).min();
            }
        }
        self.ranks = ranks;
        duplicate.map_or(Ok(()), |id| Err(RosterFault::Duplicate(id)))
    }

    /// The same organizations in another order: `order` gives the old rank of each new one, `new_rank` the
    /// reverse.
    pub(crate) fn reorder(mut self, order: &[u32], new_rank: &[u32]) -> Self {
        let slots = order.iter().map(|&old| at(&self.slots, old)).collect();
        let flags: Vec<OrgFlags> = order.iter().map(|&old| self.known_flags(old)).collect();
        let mut marks = Marks::default();
        for (new, _) in order.iter().enumerate().filter(|&(_, &old)| self.is_text(old)) {
            marks.set(new);
        }
        let (low_flags, high_flags) = split_flags(&flags);
        self.ranks.renumber(new_rank);
        Roster { slots, low_flags, high_flags, text_marks: marks.0.into(), ..self }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The rank of an id. No allocation; one hash and, as a rule, one comparison.
    #[inline]
    pub(crate) fn rank_of(&self, id: &str) -> Option<u32> {
        let key = Key::from_id(id);
        let hash = key.hash();
        match key {
            Key::Digits(digits) => self.ranks.find(hash, |rank| {
                self.slots.get(rank as usize) == Some(&digits.to_le_bytes()) && !self.is_text(rank)
            }),
            Key::Text(text) => self.ranks.find(hash, |rank| self.is_text(rank) && self.text(rank) == text),
        }
    }

    /// The id at a rank.
    pub(crate) fn id(&self, rank: u32) -> Option<OrgId> {
        ((rank as usize) < self.len()).then(|| self.known_id(rank))
    }

    /// The id at a rank, which must be within the tree.
    pub(crate) fn known_id(&self, rank: u32) -> OrgId {
        match self.slot(rank) {
            Key::Digits(digits) => OrgId::from_digits(hex::unpack(digits.to_le_bytes())),
            Key::Text(text) => OrgId::from_valid(text),
        }
    }

    /// All ids in their stored form.
    pub(crate) fn names(&self) -> impl Iterator<Item = Name<'_>> {
        (0..narrow(self.len())).map(|rank| match self.slot(rank) {
            Key::Digits(digits) => Name::Digits(digits.to_le_bytes()),
            Key::Text(text) => Name::Text(text),
        })
    }

    #[inline]
    pub(crate) fn flags(&self, rank: u32) -> Option<OrgFlags> {
        ((rank as usize) < self.low_flags.len()).then(|| self.known_flags(rank))
    }

    /// The flags at a rank, which must be within the tree.
    #[inline]
    fn known_flags(&self, rank: u32) -> OrgFlags {
        join_flags(at(&self.low_flags, rank), self.high_flags.get(rank as usize))
    }

    /// The flags of a range of ranks, which must be within the tree.
    pub(crate) fn flags_in(
        &self,
        ranks: core::ops::Range<u32>,
    ) -> impl ExactSizeIterator<Item = OrgFlags> + DoubleEndedIterator {
        let low = range(&self.low_flags, ranks.clone());
        let high = if self.high_flags.is_empty() { &[] } else { range(&self.high_flags, ranks) };
        low.iter().enumerate().map(|(place, &low)| join_flags(low, high.get(place)))
    }

    /// The lower eight flags of all organizations, and the higher ones if there are any.
    pub(crate) fn flag_columns(&self) -> (&[u8], &[u8]) {
        (&self.low_flags, &self.high_flags)
    }

    /// One bit per id, lowest first, set for those stored as text, up to the last one; empty if there is
    /// none.
    pub(crate) fn text_marks(&self) -> &[u8] {
        &self.text_marks
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[[u8; 16]]>(&self.slots)
            + self.low_flags.len()
            + self.high_flags.len()
            + self.text_marks.len()
            + self.texts.len()
            + match &self.ranks {
                Ranks::Narrow(table) => table.allocation_size(),
                Ranks::Wide(table) => table.allocation_size(),
            }
    }

    /// What the slot of a rank holds. The rank must be within the tree.
    #[inline]
    fn slot(&self, rank: u32) -> Key<'_> {
        if self.is_text(rank) {
            Key::Text(self.text(rank))
        } else {
            Key::Digits(u128::from_le_bytes(at(&self.slots, rank)))
        }
    }

    /// Does the slot hold a text?
    #[inline]
    fn is_text(&self, rank: u32) -> bool {
        self.text_marks.get(rank as usize / 8).is_some_and(|marks| marks >> (rank % 8) & 1 == 1)
    }

    /// The text of a slot that holds one.
    #[expect(
        clippy::indexing_slicing,
        clippy::expect_used,
        reason = "only `text_slot` makes such a slot, from a valid id and a place in `texts`"
    )]
    fn text(&self, rank: u32) -> &str {
        let slot = &self.slots[rank as usize];
        let (&[.., length], [start @ .., _, _, _, _, _, _, _, _]) = (slot, slot);
        let length = usize::from(length);
        if length <= LENGTH {
            return core::str::from_utf8(&slot[..length]).expect("a short text is whole");
        }
        let start = usize::try_from(u64::from_le_bytes(*start)).expect("the texts are in memory");
        &self.texts[start..start + length]
    }

    fn hash_of(&self, rank: u32) -> u64 {
        self.slot(rank).hash()
    }
}

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        // The texts may be in another order, since that follows the rows. Compare the ids.
        self.low_flags == other.low_flags
            && self.high_flags == other.high_flags
            && self.names().eq(other.names())
    }
}

impl Eq for Roster {}

/// Collects the marks of texts.
#[derive(Default)]
struct Marks(Vec<u8>);

impl Marks {
    /// Marks an organization, which must come after all marked ones.
    fn set(&mut self, rank: usize) {
        self.0.resize(rank / 8 + 1, 0);
        *at_mut(&mut self.0, narrow(rank / 8)) |= 1 << (rank % 8);
    }
}

/// Flags as a column of the lower eight and one of the higher eight, which is empty if all are zero.
fn split_flags(flags: &[OrgFlags]) -> (Box<[u8]>, Box<[u8]>) {
    let bytes = || flags.iter().map(|flags| flags.bits().to_le_bytes());
    let has_high = bytes().any(|[_, high]| high != 0);
    let high = bytes().map(|[_, high]| high).filter(|_| has_high).collect();
    (bytes().map(|[low, _]| low).collect(), high)
}

/// One organization's flags from both columns; the higher ones are zero if that column is empty.
#[inline]
pub(crate) fn join_flags(low: u8, high: Option<&u8>) -> OrgFlags {
    OrgFlags::from_bits_retain(u16::from_le_bytes([low, high.copied().unwrap_or(0)]))
}

/// A slot for a text of 1 to 32 bytes.
fn text_slot(text: &str, texts: &mut String) -> [u8; 16] {
    const { assert!(MAX_ID_BYTES < 256) };
    let mut slot = [0; 16];
    if let Some(place) = slot.get_mut(..text.len()).filter(|place| place.len() <= LENGTH) {
        place.copy_from_slice(text.as_bytes());
    } else {
        slot = u128::from(texts.len() as u64).to_le_bytes();
        texts.push_str(text);
    }
    // The length fits one byte, as ids are short.
    let [.., last] = &mut slot;
    [*last, ..] = text.len().to_le_bytes();
    slot
}

impl Default for Ranks {
    fn default() -> Self {
        Ranks::Narrow(HashTable::new())
    }
}

impl Ranks {
    #[inline]
    fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        match self {
            Ranks::Narrow(table) => table.find(hash, |&rank| is_it(u32::from(rank))).copied().map(u32::from),
            Ranks::Wide(table) => table.find(hash, |&rank| is_it(rank)).copied(),
        }
    }

    /// Inserts a rank unless an equal id is present; true if inserted.
    #[inline]
    fn insert(
        &mut self,
        hash: u64,
        rank: u32,
        is_it: impl Fn(u32) -> bool,
        rehash: impl Fn(u32) -> u64,
    ) -> bool {
        match self {
            Ranks::Narrow(table) => {
                let rank = narrow_rank(rank);
                let is_it = |&other: &u16| is_it(u32::from(other));
                match table.entry(hash, is_it, |&other| rehash(u32::from(other))) {
                    Entry::Occupied(_) => false,
                    Entry::Vacant(place) => {
                        place.insert(rank);
                        true
                    }
                }
            }
            Ranks::Wide(table) => match table.entry(hash, |&other| is_it(other), |&other| rehash(other)) {
                Entry::Occupied(_) => false,
                Entry::Vacant(place) => {
                    place.insert(rank);
                    true
                }
            },
        }
    }

    /// Replaces every rank by its new one. The ids do not change, so neither do the places in the table.
    fn renumber(&mut self, new_rank: &[u32]) {
        match self {
            Ranks::Narrow(table) => {
                for rank in table.iter_mut() {
                    *rank = narrow_rank(at(new_rank, u32::from(*rank)));
                }
            }
            Ranks::Wide(table) => {
                for rank in table.iter_mut() {
                    *rank = at(new_rank, *rank);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_have_hashes_of_their_own() {
        let texts: Vec<String> = (0..100).flat_map(|n| [format!("text {n}"), format!("{n:032}")]).collect();
        let hashes: BTreeSet<u64> = texts.iter().map(|text| Key::from_id(text).hash()).collect();
        assert_eq!(hashes.len(), texts.len());
    }
}
