//! The canonical bytes of a tree: what is stored, sent between nodes, and hashed.
//!
//! All integers are little-endian. `w` is 2 below 65,536 organizations, else 4.
//!
//! | bytes | what |
//! | --- | --- |
//! | 6 | `orgtre` |
//! | 2 | format version, 1 |
//! | 4 | number of organizations, `n` |
//! | `w` each | parent ranks in tree order; all bits set for a root |
//! | 1 each | flags; bit 7 set where the id is written as text |
//! | 16 each, or 1 + length | ids: packed hexadecimal digits (digit `i` in the upper half of byte `i`, digit `i + 16` in its lower half), or length and text |
//! | table | time zones |
//! | table | calendars |
//!
//! A table is the number of distinct texts (4), each as length (4) and bytes, ascending; then the number of
//! organizations that have one (4), each as rank (4) and number of the text (4), ascending.
//!
//! Equal trees have equal bytes, and bytes that decode are the bytes of exactly one tree: whatever is not in tree
//! order, not the shortest form, or left over is refused.

use crate::column::{NARROW_MAX, NONE, narrow};
use crate::numbering::subtree_ends;
use crate::roster::{Roster, RosterFault};
use crate::side_table::SideTable;
use crate::{InvalidId, OrgFlags, OrgId, OrgIndex, OrgStructure, hex};

const MAGIC: &[u8; 6] = b"orgtre";

/// The version of the canonical bytes that this crate writes, and the newest it reads.
pub const FORMAT_VERSION: u16 = 1;

const TEXT: u8 = 1 << 7;

/// Why bytes are not the canonical bytes of a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes do not begin as a tree does.
    #[error("these bytes are not an organization tree")]
    NotATree,
    /// The bytes were written in a format that this version of the crate does not know.
    #[error("organization tree in format version {version}; versions up to {FORMAT_VERSION} can be read")]
    UnknownVersion {
        /// The version found.
        version: u16,
    },
    /// The bytes end before the tree does.
    #[error("organization tree cut short: {what} end after {bytes} bytes")]
    Truncated {
        /// What the bytes end in.
        what: &'static str,
        /// How many bytes there are.
        bytes: usize,
    },
    /// There are bytes after the tree.
    #[error("{bytes} bytes left over after the organization tree")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// An id is empty or over-long.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// An id occurs twice.
    #[error("organization `{id}` occurs twice")]
    Duplicate {
        /// The id.
        id: OrgId,
    },
    /// Something is not in canonical form.
    #[error("organization tree is not canonical at {place}: {rule}")]
    NotCanonical {
        /// The rank of an organization, or the number of a text, as the rule says.
        place: u32,
        /// The rule that does not hold.
        rule: &'static str,
    },
}

impl DecodeError {
    /// May another, newer version of this crate read the same bytes? All other errors are final.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, DecodeError::UnknownVersion { .. })
    }
}

impl OrgStructure {
    /// The canonical bytes of the tree. Equal trees have equal bytes, on every machine.
    ///
    /// # Complexity
    /// O(n); about 19 bytes an organization below 65,536 organizations and 21 above.
    ///
    /// # Examples
    /// ```
    /// use org_structure::{OrgRow, OrgStructure};
    ///
    /// let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("0")])?.structure;
    /// assert_eq!(OrgStructure::decode(&tree.encode())?, tree);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let count = self.len();
        let mut bytes = Vec::with_capacity(32 + count * 22);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(narrow(count).to_le_bytes());
        for org in self.indices() {
            let parent = self.parent(org).map_or(NONE, OrgIndex::rank);
            if count > NARROW_MAX {
                bytes.extend(parent.to_le_bytes());
            } else {
                bytes.extend(u16::try_from(parent).unwrap_or(u16::MAX).to_le_bytes());
            }
        }
        let names = || self.indices().filter_map(|org| self.roster.digits_or_text(org.rank()));
        for (flags, name) in self.roster.flags_in(0..narrow(count)).zip(names()) {
            bytes.push(flags.bits() | if name.is_err() { TEXT } else { 0 });
        }
        for name in names() {
            match name {
                Ok(digits) => bytes.extend(digits),
                Err(text) => {
                    bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
                    bytes.extend(text.as_bytes());
                }
            }
        }
        encode_table(&self.time_zones, &mut bytes);
        encode_table(&self.calendars, &mut bytes);
        bytes
    }

    /// Reads a tree from its canonical bytes, which may come from anywhere.
    ///
    /// # Complexity
    /// O(n) time. Memory is bounded by the length of the bytes, whatever they say.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not exactly those that [`encode`](Self::encode) writes for some tree.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader { rest: bytes, length: bytes.len() };
        if reader.take(MAGIC.len(), "the first bytes").ok() != Some(MAGIC) {
            return Err(DecodeError::NotATree);
        }
        let version = u16::from_le_bytes(reader.array("the version")?);
        if version != FORMAT_VERSION {
            return Err(DecodeError::UnknownVersion { version });
        }
        let count = reader.number("the number of organizations")?;
        let parents = decode_parents(&mut reader, count)?;
        let tags = reader.take(count as usize, "the flags")?;
        let ids = decode_ids(&mut reader, tags)?;
        check_order(&parents, &ids)?;
        let flags = tags.iter().map(|&tag| OrgFlags::from_bits_truncate(tag));
        let members: Vec<(&str, OrgFlags)> = ids.iter().map(OrgId::as_str).zip(flags).collect();
        let roster = Roster::new(members.into_iter()).map_err(|fault| match fault {
            RosterFault::Id(error) => DecodeError::Id(error),
            RosterFault::Duplicate(id) => DecodeError::Duplicate { id },
        })?;
        let time_zones = decode_table(&mut reader, count)?;
        let calendars = decode_table(&mut reader, count)?;
        match reader.rest.len() {
            0 => Ok(OrgStructure::assemble(&parents, roster, time_zones, calendars)),
            bytes => Err(DecodeError::LeftOver { bytes }),
        }
    }
}

fn encode_table(table: &SideTable, bytes: &mut Vec<u8>) {
    bytes.extend(narrow(table.texts().len()).to_le_bytes());
    for text in table.texts() {
        bytes.extend(narrow(text.len()).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend(narrow(table.entries().len()).to_le_bytes());
    for (rank, number) in table.entries() {
        bytes.extend(rank.to_le_bytes());
        bytes.extend(number.to_le_bytes());
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(DecodeError::Truncated { what, bytes: self.length })?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let taken = self.take(N, what)?;
        taken.try_into().map_err(|_| DecodeError::Truncated { what, bytes: self.length })
    }

    fn number(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// A number of things that take at least `each` bytes: never more than there can be.
    fn count(&mut self, each: usize, what: &'static str) -> Result<u32, DecodeError> {
        let count = self.number(what)?;
        if self.rest.len() / each < count as usize {
            return Err(DecodeError::Truncated { what, bytes: self.length });
        }
        Ok(count)
    }

    fn text(&mut self, length: usize, place: u32, what: &'static str) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.take(length, what)?)
            .map_err(|_| DecodeError::NotCanonical { place, rule: "a text is UTF-8" })
    }
}

fn decode_parents(reader: &mut Reader<'_>, count: u32) -> Result<Vec<u32>, DecodeError> {
    let width = if count as usize > NARROW_MAX { 4 } else { 2 };
    let length = (count as usize).checked_mul(width);
    let what = "the parents";
    let bytes = reader.take(length.unwrap_or(usize::MAX), what)?;
    Ok(if width == 4 {
        bytes.as_chunks().0.iter().map(|&parent| u32::from_le_bytes(parent)).collect()
    } else {
        let wide = |parent: u16| if parent == u16::MAX { NONE } else { u32::from(parent) };
        bytes.as_chunks().0.iter().map(|&parent| wide(u16::from_le_bytes(parent))).collect()
    })
}

fn decode_ids(reader: &mut Reader<'_>, tags: &[u8]) -> Result<Vec<OrgId>, DecodeError> {
    let what = "the ids";
    // At most 33 bytes kept for an id of at least 2 bytes that is really there.
    let mut ids = Vec::with_capacity(tags.len().min(reader.rest.len() / 2));
    for (place, tag) in (0..).zip(tags) {
        if tag & TEXT == 0 {
            ids.push(OrgId::of_digits(hex::unpack(reader.array(what)?)));
            continue;
        }
        let [length] = reader.array(what)?;
        let text = reader.text(usize::from(length), place, what)?;
        if hex::pack(text.as_bytes()).is_some() {
            let rule = "an id of upper-case hexadecimal digits is packed";
            return Err(DecodeError::NotCanonical { place, rule });
        }
        ids.push(OrgId::new(text)?);
    }
    Ok(ids)
}

/// Are the organizations in preorder, heaviest child first, ties by id?
fn check_order(parents: &[u32], ids: &[OrgId]) -> Result<(), DecodeError> {
    let broken = |place: u32, rule| Err(DecodeError::NotCanonical { place, rule });
    // Whoever comes next is a child of the one before or of one of its ancestors: those whose subtree is open.
    let mut open: Vec<u32> = Vec::new();
    for (rank, &parent) in (0..).zip(parents) {
        while open.last().is_some_and(|&last| last != parent) {
            open.pop();
        }
        if parent != NONE && open.is_empty() {
            return broken(rank, "an organization follows its parent, and subtrees do not interleave");
        }
        open.push(rank);
    }
    let ends = subtree_ends(parents);
    let weight = |rank: u32| {
        let end = ends.get(rank as usize)?;
        Some((core::cmp::Reverse(end - rank), ids.get(rank as usize)?))
    };
    for (rank, &end) in (0..).zip(&ends) {
        let is_sibling = parents.get(end as usize) == parents.get(rank as usize);
        if is_sibling && weight(rank) >= weight(end) {
            return broken(end, "siblings come heaviest first, ties by id");
        }
    }
    Ok(())
}

fn decode_table(reader: &mut Reader<'_>, organizations: u32) -> Result<SideTable, DecodeError> {
    let broken = |place: u32, rule| Err(DecodeError::NotCanonical { place, rule });
    let count = reader.count(4, "the texts")?;
    let mut texts: Vec<&str> = Vec::with_capacity(count as usize);
    for place in 0..count {
        let length = reader.number("the texts")?;
        let text = reader.text(length as usize, place, "the texts")?;
        if texts.last().is_some_and(|&last| last >= text) {
            return broken(place, "texts ascend");
        }
        texts.push(text);
    }
    let mut unused = vec![true; texts.len()];
    let count = reader.count(8, "the organizations with a text")?;
    let mut pairs: Vec<(u32, &str)> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let rank = reader.number("the organizations with a text")?;
        let number = reader.number("the organizations with a text")? as usize;
        let (Some(&text), Some(unused)) = (texts.get(number), unused.get_mut(number)) else {
            return broken(rank, "an organization's text is one of those listed");
        };
        if rank >= organizations || pairs.last().is_some_and(|&(last, _)| last >= rank) {
            return broken(rank, "organizations with a text ascend and are in the tree");
        }
        *unused = false;
        pairs.push((rank, text));
    }
    match unused.iter().position(|&unused| unused) {
        Some(place) => broken(narrow(place), "a text belongs to some organization"),
        None => Ok(SideTable::new(&pairs)),
    }
}
