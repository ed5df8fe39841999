//! Untrusted bytes: exactly the bytes of a tree decode, and other bytes do no harm.

use allocation_counter::measure;
use org_structure::{BuildError, DecodeError, OrgFlags, OrgId, OrgRow, OrgStructure};
use proptest::prelude::*;

use crate::shapes::{Shape, any_rows, build, measured};

fn sample() -> OrgStructure {
    OrgStructure::build([
        OrgRow::new("0").with_flags(OrgFlags::READY),
        OrgRow::new("19404EAD144C49A0AF37D54377CF452D").under("0").in_time_zone("Europe/Madrid"),
        OrgRow::new("Spain")
            .under("19404EAD144C49A0AF37D54377CF452D")
            .with_calendar("C1")
            .with_flags(OrgFlags::CUSTOM_4),
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
        &[2, 0],                         // version
        &[0b1111, 0, 0, 0],              // sections
        &[4, 0, 0, 0],                   // organizations
        &[0xff, 0xff, 0, 0, 1, 0, 0, 0], // parents
        &[1, 0, 0, 0],                   // lower flags
        &[0, 0, 0x80, 0],                // higher flags
        &[0b1101],                       // marks of text ids
        b"\x010",
        b"\x19\x40\x4e\xad\x14\x4c\x49\xa0\xaf\x37\xd5\x43\x77\xcf\x45\x2d",
        b"\x05Spain",
        b"\x20an id of thirty-two bytes, text!",
        b"\x01\0\0\0\x0d\0\0\0Europe/Madrid\x01\0\0\0\x01\0\0\0\0\0\0\0",
        b"\x01\0\0\0\x02\0\0\0C1\x01\0\0\0\x02\0\0\0\0\0\0\0",
    ]
    .concat();
    assert_eq!(bytes, expected);
    let fingerprint = sample().fingerprint().to_string();
    assert_eq!(fingerprint, "40a4d0357cf0057c980b7e178057a3594e48f31c1ed3e2c9e86c2d153e89e05d");
}

#[test]
fn truncated_and_extended_bytes_are_refused() {
    let bytes = sample().encode();
    for length in 0..bytes.len() {
        assert!(OrgStructure::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(OrgStructure::decode(&longer), Err(DecodeError::LeftOver { bytes: 1 }));
}

#[test]
fn a_changed_byte_is_refused_or_gives_another_tree() {
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
fn bytes_of_other_versions_are_not_reported_as_damaged() {
    let bytes = sample().encode();
    let changed = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        OrgStructure::decode(&bytes).unwrap_err()
    };
    for (error, expected) in [
        (changed(6, 3), DecodeError::NewerVersion { version: 3 }),
        (changed(7, 1), DecodeError::NewerVersion { version: 0x0102 }),
        (changed(8, 0b1_1111), DecodeError::NewerSections { bits: 0b1_0000 }),
        (changed(11, 0x80), DecodeError::NewerSections { bits: 0x8000_0000 }),
        (changed(25, 0x80), DecodeError::NewerFlags { rank: 1, bits: 0x80 }),
        (changed(30, 0x89), DecodeError::NewerFlags { rank: 2, bits: 0x0900 }),
    ] {
        assert_eq!(error, expected);
        assert!(error.is_newer() && !error.is_older());
        assert!(error.to_string().contains("newer than this program"), "{error}");
    }
    for version in [0, 1] {
        let error = changed(6, version);
        assert_eq!(error, DecodeError::OlderVersion { version: version.into() });
        assert!(error.is_older() && !error.is_newer());
    }
    let error = changed(0, 0);
    assert_eq!(error, DecodeError::NotATree);
    assert!(!error.is_newer() && !error.is_older());
}

#[test]
fn unknown_flags_are_refused() {
    let rows = ["b", "a", "c"].map(|id| OrgRow::new(id).with_flags(OrgFlags::from_bits_retain(0x0881)));
    let error = OrgStructure::build(rows).unwrap_err();
    assert_eq!(error, BuildError::UnknownFlags { id: OrgId::new("a").unwrap(), bits: 0x0880 });
    assert_eq!(error.to_string(), "organization `a` has unknown flags (bits 0x880)");
}

#[test]
fn higher_flags_take_a_byte_only_if_set() {
    let rows = |flags| (0..100).map(move |place: u32| (place.to_string(), flags));
    let tree = |flags| {
        let rows: Vec<(String, OrgFlags)> = rows(flags).collect();
        let last = OrgRow::new("last").with_flags(OrgFlags::READY);
        let others = rows.iter().map(|(id, flags)| OrgRow::new(id).with_flags(*flags));
        OrgStructure::build(others.chain([last])).unwrap().structure
    };
    let (low, high) = (tree(OrgFlags::ACTIVE), tree(OrgFlags::ACTIVE | OrgFlags::CUSTOM_1));
    assert_eq!(high.encode().len(), low.encode().len() + 101);
    assert_eq!(high.footprint(), low.footprint() + 101);
    assert_ne!(low, high);
    for tree in [low, high] {
        assert_eq!(OrgStructure::decode(&tree.encode()).unwrap(), tree);
        assert_eq!(tree.flags(tree.index_of("last").unwrap()), Some(OrgFlags::READY));
        assert_eq!(tree.nearest(tree.index_of("7").unwrap(), OrgFlags::CUSTOM_2), None);
    }
}

#[test]
fn encoding_allocates_once_and_little_extra() {
    for (shape, count) in [(Shape::Flat, 600), (Shape::Chain, 70_000)] {
        let tree = build(&measured(shape, count));
        let mut bytes = Vec::new();
        let counted = measure(|| bytes = tree.encode());
        assert_eq!(counted.count_total, 1, "{shape:?}");
        assert!(bytes.capacity() < bytes.len() * 5 / 4, "{} for {}", bytes.capacity(), bytes.len());
    }
}

#[test]
fn text_ids_are_marked_up_to_the_last_bit_of_a_byte() {
    for count in 1..=17 {
        let ids: Vec<String> = (0..count).map(|place| format!("text {place:02}")).collect();
        let tree = OrgStructure::build(ids.iter().map(|id| OrgRow::new(id))).unwrap().structure;
        assert_eq!(OrgStructure::decode(&tree.encode()).unwrap(), tree, "{count} organizations");
    }
}

#[test]
fn a_count_alone_allocates_nothing() {
    for count in [u32::MAX, u32::MAX / 2, 65_536, 65_535] {
        let mut bytes = b"orgtre\x02\0\x0f\0\0\0".to_vec();
        bytes.extend(count.to_le_bytes());
        bytes.extend([0xff; 64]);
        let counted = measure(|| assert!(OrgStructure::decode(&bytes).is_err()));
        assert!(counted.bytes_total < 1_000, "{count}: {} bytes", counted.bytes_total);
    }
}

#[test]
fn the_largest_count_is_the_limit_of_ranks() {
    let error = |count: u32| {
        let bytes = [b"orgtre\x02\0\0\0\0\0".as_slice(), &count.to_le_bytes()].concat();
        OrgStructure::decode(&bytes).unwrap_err()
    };
    let rule = "a tree has at most 4294967294 organizations";
    assert_eq!(error(u32::MAX), DecodeError::NotCanonical { place: u32::MAX, rule });
    assert_eq!(error(u32::MAX - 1), DecodeError::Truncated { what: "the parents", bytes: 16 });
}

#[test]
fn counts_are_checked_against_the_remaining_bytes() {
    let refused_within = |bytes: &[u8], most: usize| {
        let counted = measure(|| assert!(OrgStructure::decode(bytes).is_err()));
        assert!(counted.bytes_total < most as u64, "{} of at most {most} bytes", counted.bytes_total);
    };
    let count = 1_000_000_u32.to_le_bytes();
    let rest = vec![0; 1_000_000];
    // One organization with a packed id, and then a count of a million texts, each of which would take four
    // bytes or more.
    let one = b"orgtre\x02\0\x04\0\0\0\x01\0\0\0\xff\xff\x000123456789abcdef";
    refused_within(&[one.as_slice(), &count, &rest].concat(), 2_000);
    // One text, and then a count of a million entries, each of which would take eight bytes.
    let text = b"\x01\0\0\0\x01\0\0\0a";
    refused_within(&[one.as_slice(), text, &count, &rest].concat(), 2_000);
    // Text ids whose first one is invalid, and room for at most half of them.
    let organizations = 40_000_u16;
    let bytes = [
        b"orgtre\x02\0\x01\0\0\0".as_slice(),
        &u32::from(organizations).to_le_bytes(),
        &[0xff; 80_000],
        &[0; 40_000],
        &[0xff; 5_000],
        &[0xff; 20_000],
    ]
    .concat();
    refused_within(&bytes, 6 * bytes.len());
}

#[test]
fn memory_is_bounded_by_the_length_of_the_bytes() {
    for (shape, count) in [(Shape::Chain, 60_000), (Shape::Flat, 70_000)] {
        let bytes = build(&measured(shape, count)).encode();
        let counted = measure(|| drop(OrgStructure::decode(&bytes).unwrap()));
        assert!(counted.bytes_max < 12 * bytes.len() as u64, "{} for {}", counted.bytes_max, bytes.len());
    }
}

/// The bytes of a tree of text ids, with the rest as given.
fn bytes_of(parents: &[u16], ids: &[&str], sections: u32, tables: &[u8]) -> Vec<u8> {
    let mut bytes = b"orgtre\x02\0".to_vec();
    bytes.extend((sections | 1).to_le_bytes());
    bytes.extend((parents.len() as u32).to_le_bytes());
    bytes.extend(parents.iter().flat_map(|parent| parent.to_le_bytes()));
    bytes.extend(ids.iter().map(|_| 0));
    bytes.extend(ids.chunks(8).map(|ids| 0xff_u8 >> (8 - ids.len())));
    for id in ids {
        bytes.push(id.len() as u8);
        bytes.extend(id.as_bytes());
    }
    bytes.extend(tables);
    bytes
}

const ROOT: u16 = u16::MAX;
const TIME_ZONES: u32 = 4;

#[test]
fn non_canonical_bytes_are_refused() {
    let rule_of = |bytes: &[u8]| match OrgStructure::decode(bytes) {
        Err(DecodeError::NotCanonical { place, rule }) => (place, rule),
        other => panic!("{other:?}"),
    };
    assert!(OrgStructure::decode(&bytes_of(&[ROOT, 0, 1], &["0", "a", "b"], 0, &[])).is_ok());

    let order = "an organization follows its parent, and subtrees do not interleave";
    for parents in [[ROOT, 1, 0], [1, 0, 0], [ROOT, 2, 1], [ROOT, 7, 0]] {
        let (_, rule) = rule_of(&bytes_of(&parents, &["0", "a", "b"], 0, &[]));
        assert_eq!(rule, order, "{parents:?}");
    }
    let interleaved = bytes_of(&[ROOT, 0, 0, 1], &["0", "a", "b", "c"], 0, &[]);
    assert_eq!(rule_of(&interleaved), (3, order));

    let siblings = "siblings come heaviest first, ties by id";
    assert_eq!(rule_of(&bytes_of(&[ROOT, 0, 0], &["0", "b", "a"], 0, &[])), (2, siblings));
    assert_eq!(rule_of(&bytes_of(&[ROOT, ROOT], &["b", "a"], 0, &[])), (1, siblings));
    assert_eq!(rule_of(&bytes_of(&[ROOT, 0, 0, 2], &["0", "a", "b", "c"], 0, &[])), (2, siblings));

    let digits = "0123456789ABCDEF0123456789ABCDEF";
    assert_eq!(
        rule_of(&bytes_of(&[ROOT], &[digits], 0, &[])).1,
        "an id of upper-case hexadecimal digits is packed"
    );

    let one = |tables: &[u8]| bytes_of(&[ROOT], &["0"], TIME_ZONES, tables);
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
    assert_eq!(rule_of(&one(&table(&[], &[]))).1, "a table of texts has an organization");
    assert_eq!(rule_of(&one(&table(&["a"], &[]))).1, "a table of texts has an organization");
    assert_eq!(rule_of(&one(&table(&["a", "b"], &[(0, 0)]))).1, "a text belongs to some organization");
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
fn empty_sections_are_refused() {
    let rule_of = |bytes: &[u8]| match OrgStructure::decode(bytes) {
        Err(DecodeError::NotCanonical { rule, .. }) => rule,
        other => panic!("{other:?}"),
    };
    let bytes = |sections: u8, rest: &[u8]| {
        [b"orgtre\x02\0".as_slice(), &[sections, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 1], rest].concat()
    };
    assert!(OrgStructure::decode(&bytes(0, &[0xab; 16])).is_ok());
    let no_text_ids = "the section of text ids has a text id";
    assert_eq!(rule_of(&bytes(1, &[[0].as_slice(), &[0xab; 16]].concat())), no_text_ids);
    let no_high_flags = "the section of high flags has a flag";
    assert_eq!(rule_of(&bytes(2, &[[0].as_slice(), &[0xab; 16]].concat())), no_high_flags);
    assert!(OrgStructure::decode(&bytes(1, b"\x01\x01a")).is_ok());
    let ends = "marks of text ids end with the last organization";
    assert_eq!(rule_of(&bytes(1, b"\x03\x01a")), ends);
    assert_eq!(rule_of(&bytes(1, b"\x81\x01a")), ends);
    for (section, rule) in [(1, no_text_ids), (2, no_high_flags)] {
        let empty = [b"orgtre\x02\0".as_slice(), &[section, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(rule_of(&empty), rule);
    }
}

#[test]
fn ids_are_checked() {
    let error = |ids: &[&str]| {
        let parents: Vec<u16> = ids.iter().map(|_| ROOT).collect();
        OrgStructure::decode(&bytes_of(&parents, ids, 0, &[])).unwrap_err()
    };
    assert!(matches!(error(&[""]), DecodeError::Id(_)));
    assert!(matches!(error(&[&"x".repeat(33)]), DecodeError::Id(_)));
    // Equal ids of equal weight are out of order. Equal ids of different weight are found by their hash.
    assert!(matches!(error(&["a", "a"]), DecodeError::NotCanonical { .. }));
    let twice = bytes_of(&[ROOT, 0, ROOT], &["a", "b", "a"], 0, &[]);
    assert!(matches!(OrgStructure::decode(&twice), Err(DecodeError::Duplicate { id }) if id == "a"));
    let mut not_utf8 = bytes_of(&[ROOT], &["a"], 0, &[]);
    *not_utf8.iter_mut().rfind(|byte| **byte == b'a').unwrap() = 0xff;
    assert!(matches!(OrgStructure::decode(&not_utf8), Err(DecodeError::NotCanonical { place: 0, .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_canonical(sections in 0..16_u8, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [b"orgtre\x02\0".as_slice(), &[sections, 0, 0, 0], &bytes].concat();
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
