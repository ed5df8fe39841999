//! Trees of every shape, for properties and for measured cases.

use org_structure::{OrgFlags, OrgRow, OrgStructure};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) flags: OrgFlags,
    pub(crate) time_zone: Option<String>,
    pub(crate) calendar: Option<String>,
}

impl Row {
    pub(crate) fn as_row(&self) -> OrgRow<'_> {
        OrgRow {
            id: &self.id,
            parent: self.parent.as_deref(),
            flags: self.flags,
            time_zone: self.time_zone.as_deref(),
            calendar: self.calendar.as_deref(),
        }
    }
}

pub(crate) fn build(rows: &[Row]) -> OrgStructure {
    OrgStructure::build(rows.iter().map(Row::as_row)).unwrap().structure
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Flat,
    Fan5,
    Chain,
    Random,
    WideAndDeep,
    Forest,
}

impl Shape {
    pub(crate) const ALL: [Shape; 6] =
        [Shape::Flat, Shape::Fan5, Shape::Chain, Shape::Random, Shape::WideAndDeep, Shape::Forest];

    /// The parent of the organization at `place`, given a random number.
    fn parent(self, place: usize, random: usize) -> Option<usize> {
        let before = place.checked_sub(1)?;
        match self {
            Shape::Flat => Some(0),
            Shape::Fan5 => Some(before / 5),
            Shape::Chain => Some(before),
            Shape::Random => Some(random % place),
            Shape::WideAndDeep => Some(if random.is_multiple_of(4) { 0 } else { before }),
            Shape::Forest => Some(random % (place + 1)).filter(|&parent| parent < place),
        }
    }
}

/// A pseudo-random number that is the same on every run.
pub(crate) fn scramble(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Ids as in Openbravo: `0`, and 32 hexadecimal digits.
pub(crate) fn hex_id(place: usize) -> String {
    let place = place as u64;
    if place == 0 { "0".into() } else { format!("{:016X}{:016X}", scramble(place), scramble(!place)) }
}

/// A tree of `count` organizations below `0`, with one in ten a legal entity and one in twenty under period
/// control.
pub(crate) fn measured(shape: Shape, count: usize) -> Vec<Row> {
    (0..=count)
        .map(|place| {
            let mut flags = OrgFlags::READY | OrgFlags::ACTIVE | OrgFlags::TRANSACTIONS_ALLOWED;
            flags.set(OrgFlags::LEGAL_ENTITY, place % 10 == 5);
            flags.set(OrgFlags::PERIOD_CONTROL, place % 20 == 5);
            // One top organization under `0`, everything else under that.
            let parent = match place {
                0 => None,
                1 => Some(0),
                _ => shape.parent(place - 1, scramble(place as u64) as usize).map(|parent| parent + 1),
            };
            Row { id: hex_id(place), parent: parent.map(hex_id), flags, time_zone: None, calendar: None }
        })
        .collect()
}

/// Rows in a random order, of a random shape, with ids of every kind.
pub(crate) fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let shape = proptest::sample::select(&Shape::ALL[..]);
    let node = (any::<usize>(), any::<u16>(), 0..7_u8, 0..8_u8, 0..8_u8);
    // Trees with lower flags only, and trees with higher ones too.
    let mask = proptest::sample::select(&[0xff, u16::MAX][..]);
    (shape, mask, proptest::collection::vec(node, 0..60))
        .prop_map(|(shape, mask, nodes)| {
            let id = |place: usize| match nodes[place].2 {
                _ if place == 0 => "0".to_owned(),
                0 | 1 => hex_id(place),
                2 => format!("{}", 1_000_000 + place),
                3 => hex_id(place).to_lowercase(),
                4 => format!("{place} Región Norte"),
                // These ids differ only after their first bytes.
                5 => format!("Organización {place}"),
                _ => format!("{place}-ÄÖÜß-with-20-bytes"),
            };
            nodes
                .iter()
                .enumerate()
                .map(|(place, &(random, flags, _, zone, calendar))| Row {
                    id: id(place),
                    parent: shape.parent(place, random).map(id),
                    flags: OrgFlags::from_bits_truncate(flags & mask),
                    time_zone: (zone < 3).then(|| format!("Zone/{zone}")),
                    calendar: (calendar < 2).then(|| format!("CALENDAR{calendar}")),
                })
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}
