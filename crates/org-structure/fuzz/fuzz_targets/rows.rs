//! Fuzz target: any rows are refused for a reason that the rows confirm, or build a tree that agrees with a
//! walk along the parents.
#![no_main]

use std::collections::HashMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use org_structure::{BuildError, OrgFlags, OrgRow, OrgStructure};

#[derive(Arbitrary, Debug)]
struct Row<'a> {
    id: Name<'a>,
    parent: Option<Name<'a>>,
    flags: u16,
    time_zone: Option<&'a str>,
    calendar: Option<&'a str>,
}

/// Few names, so that rows refer to each other, and sometimes any text.
#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Number(u8),
    Digits(u8),
    Text(&'a str),
}

impl Name<'_> {
    fn text(&self) -> String {
        match self {
            Name::Number(number) => number.to_string(),
            Name::Digits(number) => format!("{number:032X}"),
            Name::Text(text) => (*text).to_owned(),
        }
    }
}

fuzz_target!(|rows: Vec<Row<'_>>| {
    let names: Vec<(String, Option<String>)> =
        rows.iter().map(|row| (row.id.text(), row.parent.as_ref().map(Name::text))).collect();
    let org_rows = || {
        rows.iter().zip(&names).map(|(row, (id, parent))| OrgRow {
            id,
            parent: parent.as_deref(),
            flags: OrgFlags::from_bits_retain(row.flags),
            time_zone: row.time_zone,
            calendar: row.calendar,
        })
    };
    let parents: HashMap<&str, Option<&str>> =
        names.iter().map(|(id, parent)| (id.as_str(), parent.as_deref())).collect();
    let parent_of = |id: &str| parents[id].filter(|parent| parents.contains_key(parent));

    match OrgStructure::build(org_rows()) {
        Ok(built) => {
            let tree = built.structure;
            assert_eq!(tree.len(), names.len());
            for (id, _) in &names {
                let org = tree.index_of(id).unwrap();
                let mut walk = Some(id.as_str());
                for above in tree.path_to_root(org) {
                    let id = walk.unwrap();
                    assert_eq!(tree.id(above).unwrap(), id);
                    assert!(tree.is_in_natural_tree(org, above));
                    walk = parent_of(id);
                }
                assert_eq!(walk, None);
            }
            let backwards: Vec<OrgRow<'_>> = org_rows().collect();
            let again = OrgStructure::build(backwards.into_iter().rev()).unwrap();
            assert_eq!(again.structure, tree);
            assert_eq!(again.findings, built.findings);
            assert_eq!(OrgStructure::decode(&tree.encode()).unwrap(), tree);
        }
        Err(BuildError::Cycle(cycle)) => {
            let ids = cycle.organizations();
            assert!(ids.len() > 1);
            for (id, next) in ids.iter().zip(ids.iter().cycle().skip(1)) {
                assert_eq!(parent_of(id.as_str()), Some(next.as_str()));
            }
        }
        Err(BuildError::SelfParent { id }) => assert_eq!(parents[id.as_str()], Some(id.as_str())),
        Err(BuildError::Duplicate { id }) => {
            assert!(names.iter().filter(|(name, _)| id == name.as_str()).count() > 1);
        }
        Err(BuildError::Id(_)) => {
            assert!(names.iter().any(|(id, _)| id.is_empty() || id.len() > org_structure::MAX_ID_BYTES));
        }
        Err(BuildError::UnknownFlags { id, bits }) => {
            assert!(rows.iter().zip(&names).any(|(row, (name, _))| id == name.as_str() && row.flags & bits == bits));
        }
        Err(other) => panic!("{other}"),
    }
});
