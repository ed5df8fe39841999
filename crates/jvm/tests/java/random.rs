//! Pseudo-random rows and bytes, the same for the same seed.

use org_structure::{OrgFlags, OrgRow, OrgStructure};

/// A small random number generator (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.number() % limit).unwrap()
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.number().to_le_bytes()[0]
    }

    pub(crate) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let place = self.below(among.len());
        among.get(place).unwrap()
    }
}

/// A row with owned texts.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) flags: OrgFlags,
    pub(crate) time_zone: Option<String>,
    pub(crate) calendar: Option<String>,
}

impl Row {
    fn as_row(&self) -> OrgRow<'_> {
        let mut row = OrgRow::new(&self.id).with_flags(self.flags);
        if let Some(parent) = &self.parent {
            row = row.under(parent);
        }
        if let Some(time_zone) = &self.time_zone {
            row = row.in_time_zone(time_zone);
        }
        if let Some(calendar) = &self.calendar {
            row = row.with_calendar(calendar);
        }
        row
    }
}

pub(crate) fn build(rows: &[Row]) -> Result<org_structure::BuildOutcome, org_structure::BuildError> {
    OrgStructure::build(rows.iter().map(Row::as_row))
}

/// Rows of a tree, in any order. One case in ten has faults of every kind.
pub(crate) fn rows(random: &mut Random) -> Vec<Row> {
    let limit = *random.pick(&[3, 12, 40, 40, 300]);
    let count = random.below(limit);
    rows_of(random, count)
}

/// The given number of rows.
pub(crate) fn rows_of(random: &mut Random, count: usize) -> Vec<Row> {
    let ids = ids(random, count);
    // How far up a parent is chosen: from chains to flat trees.
    let reach = *random.pick(&[1, 2, 5, usize::MAX]);
    let (flagged, roots) = (*random.pick(&[2, 10]), *random.pick(&[5, 50, usize::MAX]));
    let customs = random.one_in(4);
    let mut rows: Vec<Row> = Vec::with_capacity(count);
    for (place, id) in ids.iter().enumerate() {
        let parent = match place {
            0 => None,
            _ if random.one_in(roots) => None,
            _ => ids.get(place - 1 - random.below(place.min(reach))).cloned(),
        };
        // Most trees have no higher flags, which are a separate section.
        let known =
            if customs { OrgFlags::all() } else { OrgFlags::all() & OrgFlags::from_bits_retain(0xff) };
        let flags = known.iter().filter(|_| random.one_in(flagged)).collect();
        rows.push(Row { id: id.clone(), parent, flags, time_zone: text(random), calendar: text(random) });
    }
    if random.one_in(10) {
        spoil(random, &mut rows);
    }
    for place in (1..rows.len()).rev() {
        rows.swap(place, random.below(place + 1));
    }
    rows
}

/// Distinct ids of every kind. Those of one kind share prefixes, so that comparisons reach the end.
fn ids(random: &mut Random, count: usize) -> Vec<String> {
    let kind = random.below(6);
    let first = random.below(1000);
    let id = |number: usize| {
        let number = number.wrapping_mul(7919) % 1_000_003 + first;
        match if kind == 5 { number % 5 } else { kind } {
            0 => format!("{number:032X}"),
            1 => number.to_string(),
            2 => format!("{:016X}{number:016X}", number % 7),
            3 => format!("{number:032x}"),
            // Surrogates are below other letters in UTF-16 and above them in UTF-8.
            _ => format!("{}{}{number}", letter("Aé\u{ffe5}😀", number), letter("z\u{e000}🄰", number)),
        }
    };
    let zero = !random.one_in(4) && kind != 1;
    (0..count).map(|number| if zero && number == 0 { "0".to_owned() } else { id(number) }).collect()
}

fn letter(among: &str, number: usize) -> char {
    among.chars().nth(number % among.chars().count()).unwrap()
}

fn text(random: &mut Random) -> Option<String> {
    let texts = ["", "Europe/Madrid", "Europe/Madrid ", "é", "\u{ffe5}", "😀", "C1", "C2"];
    random.one_in(6).then(|| (*random.pick(&texts)).to_owned())
}

fn spoil(random: &mut Random, rows: &mut [Row]) {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    for _ in 0..=random.below(3) {
        let Some(other) = ids.get(random.below(ids.len().max(1))).cloned() else { return };
        let place = random.below(rows.len());
        let row = rows.get_mut(place).unwrap();
        match random.below(9) {
            0 => row.id = other,
            1 => row.id = String::new(),
            2 => row.id = "é".repeat(17 + random.below(30)),
            3 => row.parent = Some(row.id.clone()),
            4 | 5 => row.parent = Some(other),
            6 => row.parent = Some("gone".to_owned()),
            7 => row.flags |= OrgFlags::from_bits_retain(1 << (7 + random.below(5))),
            _ => row.parent = Some("ü".repeat(40)),
        }
    }
}

/// Bytes with a few random changes.
pub(crate) fn mutate(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.below(4) {
        let place = random.below(bytes.len() + 1);
        match random.below(7) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, random.byte()),
            2 if place < bytes.len() => drop(bytes.remove(place)),
            3 => bytes.extend_from_within(place.saturating_sub(8)..place),
            4 if place > 0 => bytes.swap(place - 1, random.below(place)),
            _ => {
                let small = random.below(6);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = *[0, 1, 2, 0x80, 0xff, random.byte()].get(small).unwrap();
                }
            }
        }
    }
    bytes
}
