//! Lookups compare whole ids, not only hashes or packed bytes.

use org_structure::{OrgFlags, OrgRow, OrgStructure};

use crate::shapes::{Shape, build, hex_id, measured};

/// Enough ids that the few hash bits that the table compares first collide.
const MANY: usize = 4_000;

#[test]
fn an_id_that_is_not_in_the_tree_is_not_found() {
    let digits = build(&measured(Shape::Flat, MANY));
    let ids: Vec<String> = (0..MANY).map(|place| format!("text {place}")).collect();
    let texts = OrgStructure::build(ids.iter().map(|id| OrgRow::new(id))).unwrap().structure;
    for place in MANY + 1..2 * MANY {
        let (digits_id, text_id) = (hex_id(place), format!("text {place}"));
        for tree in [&digits, &texts] {
            assert_eq!(tree.index_of(&digits_id), None);
            assert_eq!(tree.index_of(&text_id), None);
        }
    }
}

/// A slot of 16 bytes holds either a short text or 32 hexadecimal digits.
#[test]
fn packed_digits_never_equal_a_text_with_the_same_bytes() {
    let texts: Vec<String> = (0..MANY).map(|place| format!("text{place:011}")).collect();
    let tree = OrgStructure::build(texts.iter().map(|id| OrgRow::new(id))).unwrap().structure;
    for text in &texts {
        let slot: Vec<u8> = text.bytes().chain([15]).collect();
        let upper = slot.iter().map(|byte| format!("{:X}", byte >> 4));
        let lower = slot.iter().map(|byte| format!("{:X}", byte & 0x0f));
        let digits: String = upper.chain(lower).collect();
        assert_eq!(tree.index_of(&digits), None, "{digits} is not {text}");
    }
}

#[test]
fn every_part_distinguishes_trees() {
    let tree = |row: OrgRow<'_>| OrgStructure::build([OrgRow::new("0"), row]).unwrap().structure;
    let row = OrgRow::new("A").under("0").with_flags(OrgFlags::CUSTOM_1);
    for other in [
        OrgRow::new("B").under("0").with_flags(OrgFlags::CUSTOM_1),
        OrgRow::new("A").with_flags(OrgFlags::CUSTOM_1),
        row.with_flags(OrgFlags::CUSTOM_1 | OrgFlags::READY),
        row.with_flags(OrgFlags::CUSTOM_2),
        row.with_flags(OrgFlags::empty()),
        row.in_time_zone("UTC"),
        row.with_calendar("C"),
    ] {
        assert_ne!(tree(row), tree(other), "{other:?}");
    }
    assert_eq!(tree(row), tree(row));
}
