//! Bytes from anywhere: exactly the bytes of a tree decode, and nothing else does harm.

use allocation_counter::measure;
use org_structure::{DecodeError, OrgFlags, OrgRow, OrgStructure};
use proptest::prelude::*;

use crate::shapes::{Shape, any_rows, build, measured};

fn sample() -> OrgStructure {
    OrgStructure::build([
        OrgRow::new("0").with_flags(OrgFlags::READY),
        OrgRow::new("19404EAD144C49A0AF37D54377CF452D").under("0").in_time_zone("Europe/Madrid"),
        OrgRow::new("Spain").under("19404EAD144C49A0AF37D54377CF452D").with_calendar("C1"),
        OrgRow::new("an id of thirty-two bytes, text!").under("0"),
    ])
    .unwrap()
    .structure
}

#[test]
fn the_format_does_not_change_by_accident() {
    let bytes = sample().encode();
    let expected = [
        b"orgtre".as_slice(),
        &[1, 0],       // version
        &[4, 0, 0, 0], // organizations
        &[0xff, 0xff, 0, 0, 1, 0, 0, 0],
        &[0x81, 0, 0x80, 0x80],
        b"\x010",
        b"\x1a\x9f\x43\x07\x4d\xe5\xa4\xd3\x17\x47\x4c\xcf\x44\x95\xa2\x0d",
        b"\x05Spain",
        b"\x20an id of thirty-two bytes, text!",
        b"\x01\0\0\0\x0d\0\0\0Europe/Madrid\x01\0\0\0\x01\0\0\0\0\0\0\0",
        b"\x01\0\0\0\x02\0\0\0C1\x01\0\0\0\x02\0\0\0\0\0\0\0",
    ]
    .concat();
    assert_eq!(bytes, expected);
    let fingerprint = sample().fingerprint().to_string();
    assert_eq!(fingerprint, "5e13288bd301fa13c9120a1bf2613ef4bc2cd9454b941ff4eda922867d176b3a");
}

#[test]
fn every_shortened_form_is_refused() {
    let bytes = sample().encode();
    for length in 0..bytes.len() {
        assert!(OrgStructure::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(OrgStructure::decode(&longer), Err(DecodeError::LeftOver { bytes: 1 }));
}

#[test]
fn every_changed_byte_is_refused_or_is_another_tree() {
    let tree = sample();
    let bytes = tree.encode();
    for place in 0..bytes.len() {
        for change in 1..=255 {
            let mut changed = bytes.clone();
            changed[place] ^= change;
            if let Ok(other) = OrgStructure::decode(&changed) {
                assert_eq!(other.encode(), changed, "byte {place}");
                assert_ne!(other, tree);
            }
        }
    }
}

#[test]
fn an_unknown_version_may_be_read_by_a_newer_release() {
    let mut bytes = sample().encode();
    bytes[6] = 2;
    let error = OrgStructure::decode(&bytes).unwrap_err();
    assert_eq!(error, DecodeError::UnknownVersion { version: 2 });
    assert!(error.is_transient());
    assert!(!DecodeError::NotATree.is_transient());
}

#[test]
fn a_count_alone_justifies_no_memory() {
    for count in [u32::MAX, u32::MAX / 2, 65_536, 65_535] {
        let mut bytes = b"orgtre\x01\0".to_vec();
        bytes.extend(count.to_le_bytes());
        bytes.extend([0xff; 64]);
        let counted = measure(|| assert!(OrgStructure::decode(&bytes).is_err()));
        assert!(counted.bytes_total < 1_000, "{count}: {} bytes", counted.bytes_total);
    }
}

#[test]
fn memory_is_bounded_by_the_length_of_the_bytes() {
    for (shape, count) in [(Shape::Chain, 60_000), (Shape::Flat, 70_000)] {
        let bytes = build(&measured(shape, count)).encode();
        let counted = measure(|| drop(OrgStructure::decode(&bytes).unwrap()));
        assert!(counted.bytes_max < 12 * bytes.len() as u64, "{} for {}", counted.bytes_max, bytes.len());
    }
}

/// The bytes of a tree of text ids, with everything else as given.
fn bytes_of(parents: &[u16], ids: &[&str], tables: &[u8]) -> Vec<u8> {
    let mut bytes = b"orgtre\x01\0".to_vec();
    bytes.extend((parents.len() as u32).to_le_bytes());
    bytes.extend(parents.iter().flat_map(|parent| parent.to_le_bytes()));
    bytes.extend(ids.iter().map(|_| 0x80));
    for id in ids {
        bytes.push(id.len() as u8);
        bytes.extend(id.as_bytes());
    }
    bytes.extend(tables);
    bytes
}

const ROOT: u16 = u16::MAX;
const NO_TABLES: [u8; 16] = [0; 16];

#[test]
fn what_is_not_canonical_is_refused() {
    let rule_of = |bytes: &[u8]| match OrgStructure::decode(bytes) {
        Err(DecodeError::NotCanonical { place, rule }) => (place, rule),
        other => panic!("{other:?}"),
    };
    assert!(OrgStructure::decode(&bytes_of(&[ROOT, 0, 1], &["0", "a", "b"], &NO_TABLES)).is_ok());

    let order = "an organization follows its parent, and subtrees do not interleave";
    for parents in [[ROOT, 1, 0], [1, 0, 0], [ROOT, 2, 1], [ROOT, 7, 0]] {
        let (_, rule) = rule_of(&bytes_of(&parents, &["0", "a", "b"], &NO_TABLES));
        assert_eq!(rule, order, "{parents:?}");
    }
    let interleaved = bytes_of(&[ROOT, 0, 0, 1], &["0", "a", "b", "c"], &NO_TABLES);
    assert_eq!(rule_of(&interleaved), (3, order));

    let siblings = "siblings come heaviest first, ties by id";
    assert_eq!(rule_of(&bytes_of(&[ROOT, 0, 0], &["0", "b", "a"], &NO_TABLES)), (2, siblings));
    assert_eq!(rule_of(&bytes_of(&[ROOT, ROOT], &["b", "a"], &NO_TABLES)), (1, siblings));
    assert_eq!(rule_of(&bytes_of(&[ROOT, 0, 0, 2], &["0", "a", "b", "c"], &NO_TABLES)), (2, siblings));

    let digits = "0123456789ABCDEF0123456789ABCDEF";
    assert_eq!(
        rule_of(&bytes_of(&[ROOT], &[digits], &NO_TABLES)).1,
        "an id of upper-case hexadecimal digits is packed"
    );

    let one = |tables: &[u8]| bytes_of(&[ROOT], &["0"], &[tables, &[0; 8]].concat());
    let word = |number: u32| number.to_le_bytes();
    let table = |texts: &[&str], entries: &[(u32, u32)]| {
        let mut bytes = word(texts.len() as u32).to_vec();
        for text in texts {
            bytes.extend(word(text.len() as u32));
            bytes.extend(text.as_bytes());
        }
        bytes.extend(word(entries.len() as u32));
        bytes.extend(entries.iter().flat_map(|&(rank, number)| [word(rank), word(number)]).flatten());
        bytes
    };
    assert!(OrgStructure::decode(&one(&table(&["a"], &[(0, 0)]))).is_ok());
    assert_eq!(rule_of(&one(&table(&["a"], &[]))).1, "a text belongs to some organization");
    assert_eq!(rule_of(&one(&table(&["b", "a"], &[(0, 0)]))).1, "texts ascend");
    assert_eq!(rule_of(&one(&table(&["a"], &[(0, 1)]))).1, "an organization's text is one of those listed");
    assert_eq!(
        rule_of(&one(&table(&["a"], &[(1, 0)]))).1,
        "organizations with a text ascend and are in the tree"
    );
    assert_eq!(
        rule_of(&one(&table(&["a"], &[(0, 0), (0, 0)]))).1,
        "organizations with a text ascend and are in the tree"
    );
}

#[test]
fn ids_are_checked() {
    let error = |ids: &[&str]| {
        let parents: Vec<u16> = ids.iter().map(|_| ROOT).collect();
        OrgStructure::decode(&bytes_of(&parents, ids, &NO_TABLES)).unwrap_err()
    };
    assert!(matches!(error(&[""]), DecodeError::Id(_)));
    assert!(matches!(error(&[&"x".repeat(33)]), DecodeError::Id(_)));
    // Equal ids of equal weight are not in order; of different weight they are found by their hash.
    assert!(matches!(error(&["a", "a"]), DecodeError::NotCanonical { .. }));
    let twice = bytes_of(&[ROOT, 0, ROOT], &["a", "b", "a"], &NO_TABLES);
    assert!(matches!(OrgStructure::decode(&twice), Err(DecodeError::Duplicate { id }) if id == "a"));
    let mut not_utf8 = bytes_of(&[ROOT], &["a"], &NO_TABLES);
    *not_utf8.iter_mut().rfind(|byte| **byte == b'a').unwrap() = 0xff;
    assert!(matches!(OrgStructure::decode(&not_utf8), Err(DecodeError::NotCanonical { place: 0, .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [b"orgtre\x01\0".as_slice(), &bytes].concat();
        if let Ok(tree) = OrgStructure::decode(&bytes) {
            prop_assert_eq!(tree.encode(), bytes);
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_canonical(
        rows in any_rows(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = build(&rows).encode();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(tree) = OrgStructure::decode(&bytes) {
            prop_assert_eq!(tree.encode(), bytes);
        }
    }
}
