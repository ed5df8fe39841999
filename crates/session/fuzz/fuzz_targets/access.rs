//! Fuzz target: any bytes are refused with an error, or are exactly the canonical bytes of the access that
//! they decode to.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use org_structure::{Fingerprint, OrgRow, OrgStructure};
use session::{ACCESS_FORMAT_VERSION, RoleAccess};

/// Three trees: none, a few organizations, and many in a chain.
static TREES: LazyLock<[(OrgStructure, Fingerprint); 3]> = LazyLock::new(|| {
    let small = [OrgRow::new("0"), OrgRow::new("A").under("0"), OrgRow::new("B").under("A"), OrgRow::new("É")];
    let ids: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let chain = ids.iter().enumerate().map(|(place, id)| match place.checked_sub(1) {
        Some(above) => OrgRow::new(id).under(&ids[above]),
        None => OrgRow::new(id),
    });
    [OrgStructure::build([]), OrgStructure::build(small), OrgStructure::build(chain)].map(|built| {
        let tree = built.unwrap().structure;
        let fingerprint = tree.fingerprint();
        (tree, fingerprint)
    })
});

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let (tree, fingerprint) = &TREES[usize::from(*choice) % TREES.len()];
    check(rest, tree, *fingerprint);
    // Random bytes never have the right hash. Insert it, so that decoding gets past the header.
    let version = ACCESS_FORMAT_VERSION.to_le_bytes();
    check(&[b"orgacc", &version[..], fingerprint.as_bytes(), rest].concat(), tree, *fingerprint);
});

fn check(bytes: &[u8], tree: &OrgStructure, fingerprint: Fingerprint) {
    let Ok(access) = RoleAccess::decode(bytes, tree, fingerprint) else { return };
    assert_eq!(access.encode(fingerprint), bytes);
    for orgs in [access.readable(), access.writable()] {
        assert!(orgs.known().iter().all(|org| tree.id(org).is_some()));
        assert!(orgs.outside().iter().all(|org| tree.index_of(org.as_str()).is_none()));
        assert_eq!(orgs.len(), orgs.ids(tree).count());
    }
    assert_eq!(access.is_read_only(), access.writable().is_empty());
    access.user_org_as_read(tree);
    // A run of 8 bytes covers at least one organization; an id of 2 bytes takes 33.
    assert!(access.footprint() <= 1_024 + 64 * bytes.len() + 64 * tree.len());
}
