//! `Roster`: who is in the tree: ids and flags by rank, and the way back from an id to its rank.

use ahash::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::column::{NARROW_MAX, narrow};
use crate::{InvalidId, MAX_ID_BYTES, OrgFlags, OrgId, hex};

/// The eighth bit beside the seven of [`OrgFlags`]: the slot holds a text, not 32 packed hexadecimal digits.
const TEXT: u8 = 1 << 7;

/// The place of a slot's last byte: the length of a text.
const LENGTH: usize = 15;

/// Ids and flags of all organizations.
///
/// # Memory
/// 17 bytes an organization; a hash table of ranks with 1 control byte a place and 8 places for 7 organizations,
/// rounded up to a power of two; the texts of ids with 16 to 31 bytes, and of those with 32 that are not
/// upper-case hexadecimal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    /// 16 bytes of packed digits, or a text of up to 15 bytes and its length, or where a longer text begins.
    slots: Box<[[u8; 16]]>,
    /// Flags, and [`TEXT`].
    tags: Box<[u8]>,
    /// Where longer texts are kept, one after the other.
    texts: Box<str>,
    ranks: Ranks,
    hasher: RandomState,
}

/// Ranks hashed by id: the hash table points into the slots, so that no id is kept twice.
#[derive(Clone, Debug)]
enum Ranks {
    Narrow(HashTable<u16>),
    Wide(HashTable<u32>),
}

/// An id in the form in which slots are compared.
#[derive(Clone, Copy, PartialEq)]
enum Key<'a> {
    /// The 16 bytes of packed digits: a number stays in registers.
    Digits(u128),
    Text(&'a str),
}

impl<'a> Key<'a> {
    #[inline]
    fn of(id: &'a str) -> Self {
        match hex::pack(id.as_bytes()) {
            Some(digits) => Key::Digits(u128::from_le_bytes(digits)),
            None => Key::Text(id),
        }
    }

    #[inline]
    fn hash(&self, hasher: &RandomState) -> u64 {
        match self {
            Key::Digits(digits) => hasher.hash_one(digits),
            Key::Text(text) => hasher.hash_one(text),
        }
    }
}

/// Why ids do not make a roster.
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
        let mut tags = Vec::with_capacity(count);
        let mut texts = String::new();
        for (id, flags) in members {
            match Key::of(id) {
                Key::Digits(digits) => {
                    slots.push(digits.to_le_bytes());
                    tags.push(flags.bits() & !TEXT);
                }
                Key::Text(text) => {
                    OrgId::new(text).map_err(RosterFault::Id)?;
                    slots.push(text_slot(text, &mut texts));
                    tags.push(flags.bits() | TEXT);
                }
            }
        }
        let ranks = if count > NARROW_MAX {
            Ranks::Wide(HashTable::with_capacity(count))
        } else {
            Ranks::Narrow(HashTable::with_capacity(count))
        };
        let mut roster = Roster {
            slots: slots.into(),
            tags: tags.into(),
            texts: texts.into(),
            ranks,
            hasher: RandomState::new(),
        };
        roster.index()?;
        Ok(roster)
    }

    /// Fills the hash table, which is empty and large enough.
    fn index(&mut self) -> Result<(), RosterFault> {
        let mut ranks = core::mem::take(&mut self.ranks);
        let mut duplicate: Option<OrgId> = None;
        for rank in 0..narrow(self.slots.len()) {
            let Some(slot) = self.slot(rank) else { continue };
            let same = |other: u32| self.slot(other) == Some(slot);
            if !ranks.insert(slot.hash(&self.hasher), rank, same, |other| self.hash_of(other)) {
                duplicate = duplicate.into_iter().chain(self.id(rank)).min();
            }
        }
        self.ranks = ranks;
        duplicate.map_or(Ok(()), |id| Err(RosterFault::Duplicate(id)))
    }

    /// The same organizations in another order: `order` gives the old rank of each new one, `new_rank` the reverse.
    pub(crate) fn reorder(mut self, order: &[u32], new_rank: &[u32]) -> Self {
        let slots =
            order.iter().map(|&old| self.slots.get(old as usize).copied().unwrap_or_default()).collect();
        let tags =
            order.iter().map(|&old| self.tags.get(old as usize).copied().unwrap_or_default()).collect();
        self.ranks.renumber(new_rank);
        Roster { slots, tags, ..self }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The rank of an id. No allocation; one hash and, as a rule, one comparison.
    #[inline]
    pub(crate) fn rank_of(&self, id: &str) -> Option<u32> {
        let key = Key::of(id);
        let hash = key.hash(&self.hasher);
        match key {
            Key::Digits(digits) => self.ranks.find(hash, |rank| {
                let rank = rank as usize;
                self.slots.get(rank) == Some(&digits.to_le_bytes())
                    && self.tags.get(rank).is_some_and(|tag| tag & TEXT == 0)
            }),
            Key::Text(text) => self.ranks.find(hash, |rank| self.text(rank) == Some(text)),
        }
    }

    /// The id at a rank.
    pub(crate) fn id(&self, rank: u32) -> Option<OrgId> {
        let slot = self.slots.get(rank as usize)?;
        match self.slot(rank)? {
            Key::Digits(_) => Some(OrgId::of_digits(hex::unpack(*slot))),
            Key::Text(text) => OrgId::new(text).ok(),
        }
    }

    /// The packed digits at a rank, or the text where the id is none of 32 upper-case hexadecimal digits.
    pub(crate) fn digits_or_text(&self, rank: u32) -> Option<Result<[u8; 16], &str>> {
        match self.slot(rank)? {
            Key::Digits(digits) => Some(Ok(digits.to_le_bytes())),
            Key::Text(text) => Some(Err(text)),
        }
    }

    #[inline]
    pub(crate) fn flags(&self, rank: u32) -> Option<OrgFlags> {
        self.tags.get(rank as usize).map(|&tag| OrgFlags::from_bits_truncate(tag))
    }

    /// The flags of a range of ranks that lies within the tree.
    pub(crate) fn flags_in(
        &self,
        ranks: core::ops::Range<u32>,
    ) -> impl ExactSizeIterator<Item = OrgFlags> + DoubleEndedIterator {
        let tags = self.tags.get(ranks.start as usize..ranks.end as usize).unwrap_or_default();
        tags.iter().map(|&tag| OrgFlags::from_bits_truncate(tag))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[[u8; 16]]>(&self.slots)
            + self.tags.len()
            + self.texts.len()
            + match &self.ranks {
                Ranks::Narrow(table) => table.allocation_size(),
                Ranks::Wide(table) => table.allocation_size(),
            }
    }

    #[inline]
    fn slot(&self, rank: u32) -> Option<Key<'_>> {
        if self.tags.get(rank as usize)? & TEXT == 0 {
            self.slots.get(rank as usize).map(|&digits| Key::Digits(u128::from_le_bytes(digits)))
        } else {
            self.text(rank).map(Key::Text)
        }
    }

    /// The text of a slot that holds one.
    fn text(&self, rank: u32) -> Option<&str> {
        if self.tags.get(rank as usize)? & TEXT == 0 {
            return None;
        }
        let slot = self.slots.get(rank as usize)?;
        let (&length, bytes) = slot.split_last()?;
        let length = usize::from(length);
        if length <= LENGTH {
            return core::str::from_utf8(bytes.get(..length)?).ok();
        }
        let start = usize::try_from(u64::from_le_bytes(*bytes.first_chunk()?)).ok()?;
        self.texts.get(start..start.checked_add(length)?)
    }

    fn hash_of(&self, rank: u32) -> u64 {
        self.slot(rank).map_or(0, |key| key.hash(&self.hasher))
    }
}

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        // The texts may lie in another order, as the rows came; the ids are what counts.
        self.tags == other.tags
            && (0..narrow(self.len())).all(|rank| self.digits_or_text(rank) == other.digits_or_text(rank))
    }
}

impl Eq for Roster {}

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
    if let Some(last) = slot.last_mut() {
        *last = u8::try_from(text.len()).unwrap_or(u8::MAX);
    }
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

    /// Inserts a rank unless an equal one is there; true if it was inserted.
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
                let rank = u16::try_from(rank).unwrap_or(u16::MAX);
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
        let renumbered = |old: usize| new_rank.get(old).copied();
        match self {
            Ranks::Narrow(table) => {
                for rank in table.iter_mut() {
                    *rank = renumbered(usize::from(*rank))
                        .and_then(|new| u16::try_from(new).ok())
                        .unwrap_or(*rank);
                }
            }
            Ranks::Wide(table) => {
                for rank in table.iter_mut() {
                    *rank = renumbered(*rank as usize).unwrap_or(*rank);
                }
            }
        }
    }
}
