//! From canonical bytes, which may be untrusted, to a tree.

use super::reader::Reader;
use super::{DecodeError, FORMAT_VERSION, MAGIC, Sections};
use crate::column::{NARROW_MAX, NONE};
use crate::invariant::{at, narrow};
use crate::numbering::subtree_ends;
use crate::roster::{Roster, RosterFault, join_flags};
use crate::side_table::SideTable;
use crate::{MAX_ORGANIZATIONS, OrgFlags, OrgId, OrgStructure, hex};

impl OrgStructure {
    /// Decodes a tree from its canonical bytes. The bytes may be untrusted.
    ///
    /// # Complexity
    /// O(n) time. Memory is bounded by the length of the bytes, never by a count that they state.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not exactly those that [`encode`](Self::encode) writes for some tree.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.array("the first bytes").ok() != Some(*MAGIC) {
            return Err(DecodeError::NotATree);
        }
        let version = u16::from_le_bytes(reader.array("the version")?);
        if version < FORMAT_VERSION {
            return Err(DecodeError::OlderVersion { version });
        }
        if version > FORMAT_VERSION {
            return Err(DecodeError::NewerVersion { version });
        }
        let bits = reader.number("the sections")?;
        let sections = Sections::from_bits(bits)
            .ok_or(DecodeError::NewerSections { bits: bits & !Sections::all().bits() })?;
        let count = reader.number("the number of organizations")?;
        if count > MAX_ORGANIZATIONS {
            return not_canonical(count, "a tree has at most 4294967294 organizations");
        }
        let parents = decode_parents(&mut reader, count)?;
        let flags = decode_flags(&mut reader, sections, count)?;
        let ids = decode_ids(&mut reader, sections, count)?;
        check_order(&parents, &ids)?;
        let members: Vec<(&str, OrgFlags)> = ids.iter().map(OrgId::as_str).zip(flags).collect();
        let roster = Roster::new(members.into_iter()).map_err(|fault| match fault {
            RosterFault::Id(error) => DecodeError::Id(error),
            RosterFault::Duplicate(id) => DecodeError::Duplicate { id },
        })?;
        let time_zones = decode_table(&mut reader, sections, Sections::TIME_ZONES, count)?;
        let calendars = decode_table(&mut reader, sections, Sections::CALENDARS, count)?;
        match reader.left() {
            0 => Ok(OrgStructure::assemble(&parents, roster, time_zones, calendars)),
            bytes => Err(DecodeError::LeftOver { bytes }),
        }
    }
}

fn not_canonical<T>(place: u32, rule: &'static str) -> Result<T, DecodeError> {
    Err(DecodeError::NotCanonical { place, rule })
}

fn decode_parents(reader: &mut Reader<'_>, count: u32) -> Result<Vec<u32>, DecodeError> {
    let width = if count as usize > NARROW_MAX { 4 } else { 2 };
    let length = (count as usize).checked_mul(width);
    let bytes = reader.take(length.unwrap_or(usize::MAX), "the parents")?;
    Ok(if width == 4 {
        bytes.as_chunks().0.iter().map(|&parent| u32::from_le_bytes(parent)).collect()
    } else {
        let wide = |parent: u16| if parent == u16::MAX { NONE } else { u32::from(parent) };
        bytes.as_chunks().0.iter().map(|&parent| wide(u16::from_le_bytes(parent))).collect()
    })
}

fn decode_flags(
    reader: &mut Reader<'_>,
    sections: Sections,
    count: u32,
) -> Result<Vec<OrgFlags>, DecodeError> {
    let low = reader.take(count as usize, "the flags")?;
    let high = if sections.contains(Sections::HIGH_FLAGS) {
        let high = reader.take(count as usize, "the high flags")?;
        if high.iter().all(|&byte| byte == 0) {
            return not_canonical(0, "the section of high flags has a flag");
        }
        high
    } else {
        &[]
    };
    let known = |(place, &low): (usize, &u8)| {
        let flags = join_flags(low, high.get(place));
        let unknown = flags.difference(OrgFlags::all()).bits();
        if unknown == 0 {
            Ok(flags)
        } else {
            Err(DecodeError::NewerFlags { rank: narrow(place), bits: unknown })
        }
    };
    low.iter().enumerate().map(known).collect()
}

fn decode_ids(reader: &mut Reader<'_>, sections: Sections, count: u32) -> Result<Vec<OrgId>, DecodeError> {
    let what = "the ids";
    let marks = if sections.contains(Sections::TEXT_IDS) {
        let marks = reader.take((count as usize).div_ceil(8), "the marks of text ids")?;
        if marks.iter().all(|&mark| mark == 0) {
            return not_canonical(0, "the section of text ids has a text id");
        }
        let used = count % 8;
        if used > 0 && marks.last().is_some_and(|&last| last >> used != 0) {
            return not_canonical(count, "marks of text ids end with the last organization");
        }
        marks
    } else {
        &[]
    };
    let is_text = |rank: u32| marks.get(rank as usize / 8).is_some_and(|&mark| mark >> (rank % 8) & 1 == 1);
    // An id takes at most 33 bytes in memory and at least 2 bytes of input.
    let mut ids = Vec::with_capacity((count as usize).min(reader.left() / 2));
    for rank in 0..count {
        if !is_text(rank) {
            ids.push(OrgId::from_digits(hex::unpack(hex::fold(reader.array(what)?))));
            continue;
        }
        let [length] = reader.array(what)?;
        let text = reader.text(usize::from(length), rank, what)?;
        if hex::pack(text.as_bytes()).is_some() {
            return not_canonical(rank, "an id of upper-case hexadecimal digits is packed");
        }
        ids.push(OrgId::new(text)?);
    }
    Ok(ids)
}

/// Are the organizations in preorder, heaviest child first, ties by id?
fn check_order(parents: &[u32], ids: &[OrgId]) -> Result<(), DecodeError> {
    // The next organization is a child of the previous one or of one of its ancestors: those whose subtree is
    // open.
    let mut open: Vec<u32> = Vec::new();
    for (rank, &parent) in (0..).zip(parents) {
        while open.last().is_some_and(|&last| last != parent) {
            open.pop();
        }
        if parent != NONE && open.is_empty() {
            return not_canonical(rank, "an organization follows its parent, and subtrees do not interleave");
        }
        open.push(rank);
    }
    let ends = subtree_ends(parents);
    let weight = |rank: u32| (core::cmp::Reverse(at(&ends, rank) - rank), at(ids, rank));
    for (rank, &end) in (0..).zip(&ends) {
        let is_sibling = parents.get(end as usize) == parents.get(rank as usize);
        if is_sibling && weight(rank) >= weight(end) {
            return not_canonical(end, "siblings come heaviest first, ties by id");
        }
    }
    Ok(())
}

fn decode_table(
    reader: &mut Reader<'_>,
    sections: Sections,
    section: Sections,
    organizations: u32,
) -> Result<SideTable, DecodeError> {
    if !sections.contains(section) {
        return Ok(SideTable::default());
    }
    let count = reader.count(4, "the texts")?;
    let mut texts: Vec<&str> = Vec::with_capacity(count as usize);
    for place in 0..count {
        let length = reader.number("the texts")?;
        let text = reader.text(length as usize, place, "the texts")?;
        if texts.last().is_some_and(|&last| last >= text) {
            return not_canonical(place, "texts ascend");
        }
        texts.push(text);
    }
    let mut unused = vec![true; texts.len()];
    let count = reader.count(8, "the organizations with a text")?;
    if count == 0 {
        return not_canonical(0, "a table of texts has an organization");
    }
    let mut pairs: Vec<(u32, &str)> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let rank = reader.number("the organizations with a text")?;
        let number = reader.number("the organizations with a text")? as usize;
        let (Some(&text), Some(unused)) = (texts.get(number), unused.get_mut(number)) else {
            return not_canonical(rank, "an organization's text is one of those listed");
        };
        if rank >= organizations || pairs.last().is_some_and(|&(last, _)| last >= rank) {
            return not_canonical(rank, "organizations with a text ascend and are in the tree");
        }
        *unused = false;
        pairs.push((rank, text));
    }
    match unused.iter().position(|&unused| unused) {
        Some(place) => not_canonical(narrow(place), "a text belongs to some organization"),
        None => Ok(SideTable::new(&pairs)),
    }
}
