//! Any bytes: refused with an error, or exactly the canonical bytes of the tree that they decode to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use org_structure::{OrgRow, OrgStructure};

fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = OrgStructure::decode(bytes) else { return };
    assert_eq!(tree.encode(), bytes);

    // Rebuilt from its own rows, the tree is the same: decoding accepts only trees that building can make.
    let id = |org| tree.id(org).unwrap();
    let owned: Vec<_> = tree.indices().map(|org| (org, id(org), tree.parent(org).map(id))).collect();
    let rows = owned.iter().rev().map(|(org, id, parent)| OrgRow {
        id: id.as_str(),
        parent: parent.as_ref().map(|parent| parent.as_str()),
        flags: tree.flags(*org).unwrap(),
        time_zone: tree.time_zone(*org),
        calendar: tree.calendar(*org),
    });
    assert_eq!(OrgStructure::build(rows).unwrap().structure, tree);
});
