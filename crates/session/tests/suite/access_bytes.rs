//! The canonical bytes of access round-trip, and no other bytes decode.

use std::time::Duration;

use org_structure::{OrgRow, OrgStructure};
use proptest::prelude::*;
use session::{AccessDecodeError, AccessHash, Lifetime, RoleAccess, UserLevel};

use crate::access::{Case, any_case};

proptest! {
    #[test]
    fn canonical_bytes_round_trip(case in any_case()) {
        let tree = case.tree();
        let fingerprint = tree.fingerprint();
        let access = case.access(&case.facts());
        let bytes = access.encode(fingerprint);
        let decoded = RoleAccess::decode(&bytes, &tree, fingerprint).unwrap();
        prop_assert_eq!(&decoded, &access);
        prop_assert_eq!(AccessHash::from_canonical(&decoded.encode(fingerprint)), AccessHash::from_canonical(&bytes));
        prop_assert_eq!(decoded.granted_orgs(&tree), access.granted_orgs(&tree));
    }

    /// Bytes that decode are those that `encode` writes: no two byte strings mean the same.
    #[test]
    fn damaged_bytes_are_refused_or_decode_to_something_else(
        case in any_case(),
        place in any::<proptest::sample::Index>(),
        value in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let tree = case.tree();
        let fingerprint = tree.fingerprint();
        let bytes = case.access(&case.facts()).encode(fingerprint);
        let mut damaged = bytes.clone();
        let place = place.index(damaged.len());
        damaged[place] = value;
        if let Ok(access) = RoleAccess::decode(&damaged, &tree, fingerprint) {
            prop_assert_eq!(access.encode(fingerprint), damaged);
        }
        prop_assert!(RoleAccess::decode(&bytes[..cut.index(bytes.len())], &tree, fingerprint).is_err());
        let longer = [bytes.as_slice(), &[value]].concat();
        prop_assert_eq!(
            RoleAccess::decode(&longer, &tree, fingerprint),
            Err(AccessDecodeError::LeftOver { bytes: 1 })
        );
    }

    #[test]
    fn noise_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let tree = OrgStructure::build([OrgRow::new("0")]).unwrap().structure;
        let fingerprint = tree.fingerprint();
        prop_assert!(RoleAccess::decode(&bytes, &tree, fingerprint).is_err());
        let mut head = b"orgacc\x01\x00".to_vec();
        head.extend(fingerprint.as_bytes());
        head.extend(&bytes);
        if let Ok(access) = RoleAccess::decode(&head, &tree, fingerprint) {
            prop_assert_eq!(access.encode(fingerprint), head);
        }
    }
}

#[test]
fn oversized_counts_allocate_nothing() {
    let tree = OrgStructure::build([OrgRow::new("0")]).unwrap().structure;
    let fingerprint = tree.fingerprint();
    let mut bytes = b"orgacc\x01\x00".to_vec();
    bytes.extend(fingerprint.as_bytes());
    bytes.push(0);
    bytes.extend(u32::MAX.to_le_bytes());
    let counted = allocation_counter::measure(|| {
        assert!(matches!(
            RoleAccess::decode(&bytes, &tree, fingerprint),
            Err(AccessDecodeError::Truncated { .. })
        ));
    });
    assert!(counted.bytes_total < 1_000, "{counted:?}");
    // The same for counts that would fit if each item took one byte.
    let rest = [1_000_u32.to_le_bytes().as_slice(), &[0; 1_000]].concat();
    let long = [bytes[..bytes.len() - 4].to_vec(), rest].concat();
    let counted = allocation_counter::measure(|| {
        assert!(RoleAccess::decode(&long, &tree, fingerprint).is_err());
    });
    assert!(counted.bytes_total < 1_000, "{counted:?}");
    // A run over the whole range of numbers is refused before it is iterated.
    bytes.truncate(bytes.len() - 4);
    for number in [1, 0, u32::MAX] {
        bytes.extend(u32::to_le_bytes(number));
    }
    bytes.extend([0; 20]);
    assert!(matches!(
        RoleAccess::decode(&bytes, &tree, fingerprint),
        Err(AccessDecodeError::NotCanonical { rule: "runs lie within the tree" })
    ));
}

/// Decodes access to a tree of `0` over `A`, with the given bytes after the level.
fn decode_rest(level: &[u8], rest: &[&[u8]]) -> Result<RoleAccess, AccessDecodeError> {
    let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("0")]).unwrap().structure;
    let fingerprint = tree.fingerprint();
    let head = [b"orgacc\x01\x00".as_slice(), fingerprint.as_bytes(), &[level.len() as u8], level].concat();
    RoleAccess::decode(&[head, rest.concat()].concat(), &tree, fingerprint)
}

/// A selection as encoded: runs of ranks, then ids outside the tree.
fn selection(runs: &[[u32; 2]], outside: &[&[u8]]) -> Vec<u8> {
    let number = |number: usize| (number as u32).to_le_bytes().to_vec();
    let runs_of = runs.iter().flatten().flat_map(|rank| rank.to_le_bytes());
    let ids = outside.iter().flat_map(|id| [&[id.len() as u8], *id].concat());
    [number(runs.len()), runs_of.collect(), number(outside.len()), ids.collect()].concat()
}

#[test]
fn access_that_is_not_canonical_is_refused() {
    let nothing = selection(&[], &[]);
    let no_groups = 0_u32.to_le_bytes();
    let with = |selection: &[u8]| decode_rest(b"  O", &[selection, &nothing, &no_groups]);
    let rule = |refused: Result<RoleAccess, AccessDecodeError>| match refused {
        Err(AccessDecodeError::NotCanonical { rule }) => rule,
        other => panic!("{other:?}"),
    };
    assert!(with(&selection(&[[0, 2]], &[b"B", b"C"])).is_ok());
    assert!(with(&selection(&[[0, 1]], &[])).is_ok() && with(&selection(&[[1, 2]], &[])).is_ok());

    let runs = "runs ascend, with a gap between any two";
    for bad in [&[[0, 0]][..], &[[2, 1]], &[[0, 1], [1, 2]], &[[1, 2], [0, 1]], &[[0, 2], [1, 2]]] {
        assert_eq!(rule(with(&selection(bad, &[]))), runs, "{bad:?}");
    }
    for bad in [[0, 3], [2, 3], [0, u32::MAX]] {
        assert_eq!(rule(with(&selection(&[bad], &[]))), "runs lie within the tree", "{bad:?}");
    }
    let ascend = "organizations outside the tree ascend";
    assert_eq!(rule(with(&selection(&[], &[b"C", b"B"]))), ascend);
    assert_eq!(rule(with(&selection(&[], &[b"B", b"B"]))), ascend);
    let inside = "an organization of the tree is not listed as outside";
    assert_eq!(rule(with(&selection(&[], &[b"A"]))), inside);
    for bad in [b"".as_slice(), &[b'x'; 33]] {
        let id = "an organization id has 1 to 32 bytes";
        assert_eq!(rule(with(&selection(&[], &[bad]))), id);
    }
    assert_eq!(rule(with(&selection(&[], &[b"\xff"]))), "a text is UTF-8");

    let level = |bytes: usize| decode_rest(&vec![b'x'; bytes], &[&nothing, &nothing, &no_groups]);
    assert!(level(240).is_ok());
    assert_eq!(rule(level(241)), "a user level has at most 240 bytes");
}

#[test]
fn groups_of_access_are_checked() {
    let nothing = selection(&[], &[]);
    let group = |client: &[u8], orgs: &[u8]| [&[client.len() as u8], client, orgs].concat();
    let with = |groups: &[Vec<u8>]| {
        let count = (groups.len() as u32).to_le_bytes();
        decode_rest(b"", &[&nothing, &nothing, &count, &groups.concat()])
    };
    let rule = |groups: &[Vec<u8>]| match with(groups) {
        Err(AccessDecodeError::NotCanonical { rule }) => rule,
        other => panic!("{other:?}"),
    };
    // As many groups as fit: the shortest client, and one organization outside the tree.
    let one = selection(&[], &[b"B"]);
    let shortest: Vec<Vec<u8>> = (b'a'..=b'z').map(|client| group(&[client], &one)).collect();
    let access = with(&shortest).unwrap();
    assert_eq!(access.granted_clients().count(), 26);
    assert_eq!(rule(&[group(b"b", &one), group(b"a", &one)]), "clients ascend");
    assert_eq!(rule(&[group(b"a", &one), group(b"a", &one)]), "clients ascend");
    assert_eq!(rule(&[group(b"", &one)]), "a client id has 1 to 32 bytes");
    assert_eq!(rule(&[group(b"a", &nothing)]), "no group is empty");
}

#[test]
fn hashes_display_as_hexadecimal_digits() {
    let hash = AccessHash::from_bytes([0xab; 32]);
    assert_eq!((hash.as_bytes(), hash.to_string()), (&[0xab; 32], "ab".repeat(32)));
    assert_eq!(format!("{hash:?}"), format!("AccessHash({hash})"));
    assert_eq!(UserLevel::new(" CO").map(|level| format!("{level:>5}")).as_deref(), Ok("   CO"));
    assert_eq!(Lifetime::new(Duration::MAX, Duration::ZERO).idle(), Duration::from_millis(u64::MAX >> 1));
}

#[test]
fn versions_and_trees_are_distinguished() {
    let case = Case::simple();
    let tree = case.tree();
    let fingerprint = tree.fingerprint();
    let mut bytes = case.access(&case.facts()).encode(fingerprint);
    let other = OrgStructure::build([OrgRow::new("0")]).unwrap().structure;
    let error = RoleAccess::decode(&bytes, &other, other.fingerprint()).unwrap_err();
    assert!(matches!(error, AccessDecodeError::AnotherTree { .. }) && !error.is_newer());
    bytes[6] = 2;
    let error = RoleAccess::decode(&bytes, &tree, fingerprint).unwrap_err();
    assert_eq!(error, AccessDecodeError::UnknownVersion { version: 2 });
    assert!(error.is_newer());
}
