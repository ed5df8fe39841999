//! The trees of all measurements, and the organizations to ask about.

use core::fmt;
use core::str::FromStr;

use org_structure::{BuildError, OrgFlags, OrgStructure};

pub use crate::row::Row;
use crate::samples::{self, Sample};

/// How the organizations of a tree are attached to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// All below the top organization.
    Flat,
    /// A complete tree with five children each.
    Fan5,
    /// Each the parent of the next.
    Chain,
    /// Each below a random earlier one.
    Random,
    /// The tree of the sample client F&B International Group.
    FbInternational,
    /// The tree of the sample client QA Testing.
    QaTesting,
}

impl Shape {
    /// The shapes that support any size.
    pub const ALL: [Shape; 4] = [Shape::Flat, Shape::Fan5, Shape::Chain, Shape::Random];

    /// The trees of the sample clients, which have fixed sizes.
    pub const SAMPLES: [Shape; 2] = [Shape::FbInternational, Shape::QaTesting];

    /// The sample client of this tree.
    fn sample(self) -> Option<Sample> {
        match self {
            Shape::FbInternational => Some(samples::FB),
            Shape::QaTesting => Some(samples::QA),
            _ => None,
        }
    }

    /// The number of organizations below `0` of a sample client; `None` if any number is possible.
    #[must_use]
    pub fn own_size(self) -> Option<usize> {
        self.sample().map(|_| rows(self, 0).len().saturating_sub(1))
    }

    /// The name of the shape in tables and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Flat => "flat",
            Shape::Fan5 => "fan5",
            Shape::Chain => "chain",
            Shape::Random => "random",
            Shape::FbInternational => "sample-f&b",
            Shape::QaTesting => "sample-qa",
        }
    }

    /// The place of the parent of the organization at `place`, among those before it; the first place is 0.
    fn parent(self, place: usize) -> Option<usize> {
        let before = place.checked_sub(1)?;
        Some(match self {
            // Sample clients have their own rows.
            Shape::Flat | Shape::FbInternational | Shape::QaTesting => 0,
            Shape::Fan5 => before / 5,
            Shape::Chain => before,
            Shape::Random => pick(place as u64, place),
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a shape.
#[derive(Debug)]
pub struct UnknownShape(String);

impl std::error::Error for UnknownShape {}

impl fmt::Display for UnknownShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a shape; choose from flat, fan5, chain, random, sample-f&b, sample-qa", self.0)
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(text: &str) -> Result<Self, UnknownShape> {
        Shape::ALL
            .into_iter()
            .chain(Shape::SAMPLES)
            .find(|shape| shape.name() == text)
            .ok_or_else(|| UnknownShape(text.to_owned()))
    }
}

/// The rows of a tree with `organizations` organizations below `0`: one top organization and all others below
/// it. One in ten is a legal entity, one in twenty has period control, one in eight is not ready; `0` itself
/// does not allow transactions. The order is shuffled; order and ids are the same on every run. (A sample
/// client's tree has its own rows, regardless of the number.)
#[must_use]
pub fn rows(shape: Shape, organizations: usize) -> Vec<Row> {
    if let Some(sample) = shape.sample() {
        // A test reads the shipped rows.
        return sample.rows().unwrap_or_default();
    }
    let row = |place: usize| {
        let mut flags = OrgFlags::ACTIVE;
        flags.set(OrgFlags::READY, place % 8 != 3);
        flags.set(OrgFlags::TRANSACTIONS_ALLOWED, place > 0);
        flags.set(OrgFlags::LEGAL_ENTITY, place % 10 == 5);
        flags.set(OrgFlags::PERIOD_CONTROL, place % 20 == 5);
        let parent = place.checked_sub(1).map(|below| shape.parent(below).map_or(0, |parent| parent + 1));
        Row { id: id(place), parent: parent.map(id), flags }
    };
    let mut rows: Vec<Row> = (0..=organizations).map(row).collect();
    for place in (1..rows.len()).rev() {
        rows.swap(place, pick(!(place as u64), place + 1));
    }
    rows
}

/// Builds the tree of rows.
///
/// # Errors
/// As [`OrgStructure::build`]; never for the result of [`rows`].
pub fn build(rows: &[Row]) -> Result<OrgStructure, BuildError> {
    OrgStructure::build(rows.iter().map(Row::as_row)).map(|built| built.structure)
}

/// A fixed random sequence of organizations, as positions in `0..organizations`.
pub fn sequence(organizations: usize, length: usize, seed: u64) -> impl Iterator<Item = usize> {
    (0..length).map(move |step| pick(seed.wrapping_mul(1 << 32).wrapping_add(step as u64), organizations))
}

/// The id of the organization at a place: `0` for the root, else 32 hexadecimal digits.
fn id(place: usize) -> String {
    if place == 0 {
        return "0".to_owned();
    }
    let place = place as u64;
    format!("{:016X}{:016X}", scramble(place), scramble(!place))
}

/// A pseudo-random number below `bound`; 0 if `bound` is 0.
fn pick(seed: u64, bound: usize) -> usize {
    let random = u128::from(scramble(seed ^ 0x5bd1_e995_9d1b_54a3));
    usize::try_from((random * bound as u128) >> 64).unwrap_or_default()
}

/// A pseudo-random number that is the same on every run.
fn scramble(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_the_expected_form() {
        let deepest = |shape| {
            let tree = build(&rows(shape, 600)).unwrap();
            assert_eq!(tree.len(), 601);
            assert_eq!(tree.roots().count(), 1);
            assert_eq!(tree.children(tree.index_of("0").unwrap()).count(), 1);
            let legal_entities = tree.with_flags(OrgFlags::LEGAL_ENTITY, tree.all());
            let period_controls = tree.with_flags(OrgFlags::PERIOD_CONTROL, tree.all());
            assert_eq!((legal_entities.len(), period_controls.len()), (60, 30));
            tree.indices().filter_map(|org| tree.depth(org)).max()
        };
        assert_eq!(deepest(Shape::Flat), Some(2));
        // 1, 5, 25, 125 and 444 of 625.
        assert_eq!(deepest(Shape::Fan5), Some(5));
        assert_eq!(deepest(Shape::Chain), Some(600));
        assert!((8..60).contains(&deepest(Shape::Random).unwrap()));
    }

    #[test]
    fn rows_are_shuffled_and_the_same_on_every_run() {
        let rows = rows(Shape::Chain, 600);
        let in_order = rows.windows(2).filter(|pair| pair[1].parent.as_ref() == Some(&pair[0].id)).count();
        assert!(in_order < 10, "{in_order} rows still follow their parent");
        assert_eq!(rows[0].id, super::rows(Shape::Chain, 600)[0].id);
    }

    #[test]
    fn a_sequence_stays_within_the_tree_and_covers_it() {
        let mut seen = [false; 100];
        for position in sequence(100, 4_096, 1) {
            seen[position] = true;
        }
        assert!(seen.into_iter().all(|seen| seen));
    }

    #[test]
    fn shapes_are_known_by_name() {
        for shape in Shape::ALL.into_iter().chain(Shape::SAMPLES) {
            assert_eq!(shape.to_string().parse::<Shape>().unwrap(), shape);
        }
        assert!("star".parse::<Shape>().is_err());
    }
}
