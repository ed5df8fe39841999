//! The output forms of a tree: rows, changes, text, graphs, serde.

use std::collections::BTreeMap;

use org_structure::{Fingerprint, OrgChange, OrgFlags, OrgId, OrgRow, OrgStructure, TreeRow};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::json;

use crate::shapes::{Row, Shape, any_rows, build, measured};

fn tree(rows: &[OrgRow<'_>]) -> OrgStructure {
    OrgStructure::build(rows.iter().copied()).unwrap().structure
}

fn id(text: &str) -> OrgId {
    OrgId::new(text).unwrap()
}

/// The older tree's rows with the changes applied: the rows that the newer tree should have.
fn changed<'t>(older: &'t OrgStructure, changes: &[OrgChange<'t>], newer: &'t OrgStructure) -> OrgStructure {
    let mut rows: BTreeMap<OrgId, TreeRow<'_>> = older.rows().map(|row| (row.id, row)).collect();
    for change in changes {
        match *change {
            OrgChange::Removed { id, parent } => assert_eq!(rows.remove(&id).unwrap().parent, parent),
            OrgChange::Added { id, parent } => {
                let row = newer.row(newer.index_of(id.as_str()).unwrap()).unwrap();
                assert_eq!(row.parent, parent);
                assert!(rows.insert(id, row).is_none());
            }
            OrgChange::Moved { id, from, to } => {
                assert_eq!(std::mem::replace(&mut rows.get_mut(&id).unwrap().parent, to), from);
            }
            OrgChange::Flags { id, from, to } => {
                assert_eq!(std::mem::replace(&mut rows.get_mut(&id).unwrap().flags, to), from);
            }
            OrgChange::TimeZone { id, from, to } => {
                assert_eq!(std::mem::replace(&mut rows.get_mut(&id).unwrap().time_zone, to), from);
            }
            OrgChange::Calendar { id, from, to } => {
                assert_eq!(std::mem::replace(&mut rows.get_mut(&id).unwrap().calendar, to), from);
            }
            _ => panic!("{change}"),
        }
    }
    OrgStructure::build(rows.values().map(TreeRow::as_row)).unwrap().structure
}

proptest! {
    #[test]
    fn rows_build_the_same_tree(rows in any_rows()) {
        let tree = build(&rows);
        prop_assert_eq!(tree.rows().len(), tree.len());
        let rows: Vec<TreeRow<'_>> = tree.rows().collect();
        prop_assert!(rows.iter().map(|row| tree.index_of(row.id.as_str()).unwrap()).eq(tree.indices()));
        let again = OrgStructure::build(rows.iter().rev().map(TreeRow::as_row)).unwrap();
        prop_assert_eq!(&again.structure, &tree);
        prop_assert!(tree.diff(&again.structure).is_empty());
    }

    #[test]
    fn applied_changes_give_the_other_tree(older in any_rows(), newer in any_rows()) {
        let (older, newer) = (build(&older), build(&newer));
        let changes = older.diff(&newer);
        prop_assert_eq!(changed(&older, &changes, &newer), newer.clone());
        prop_assert_eq!(changes.is_empty(), older == newer);
    }

    #[test]
    fn a_tree_round_trips_through_serde(rows in any_rows()) {
        let tree = build(&rows);
        let text = serde_json::to_string(&tree).unwrap();
        prop_assert_eq!(&serde_json::from_str::<OrgStructure>(&text).unwrap(), &tree);
        let mut binary = Vec::new();
        ciborium::into_writer(&tree, &mut binary).unwrap();
        prop_assert!(binary.len() <= tree.encode().len() + 9);
        prop_assert_eq!(&ciborium::from_reader::<OrgStructure, _>(binary.as_slice()).unwrap(), &tree);
    }
}

#[test]
fn changes_are_reported_by_kind() {
    let older = tree(&[
        OrgRow::new("0"),
        OrgRow::new("A").under("0").with_flags(OrgFlags::READY | OrgFlags::ACTIVE).in_time_zone("UTC"),
        OrgRow::new("B").under("0").with_calendar("C1"),
        OrgRow::new("gone").under("A"),
    ]);
    let newer = tree(&[
        OrgRow::new("0"),
        OrgRow::new("A").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY),
        OrgRow::new("B").under("0").with_calendar("C2"),
        OrgRow::new("new"),
    ]);
    let changes: Vec<String> = older.diff(&newer).iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            "`gone` was removed, below `A`",
            "calendar of `B` changed from `C1` to `C2`",
            "`A` moved from below `0` to the top",
            "flags of `A` changed: -ACTIVE +LEGAL_ENTITY",
            "time zone of `A` changed from `UTC` to none",
            "`new` was added, the top",
        ]
    );
    let moved = OrgChange::Moved { id: id("A"), from: Some(id("0")), to: None };
    assert_eq!(
        serde_json::to_value(moved).unwrap(),
        json!({"change": "Moved", "id": "A", "from": "0", "to": null})
    );
}

#[test]
fn an_indented_tree_counts_the_omitted_lines() {
    let rows: Vec<Row> = measured(Shape::Chain, 150);
    let deep = build(&rows);
    let text = deep.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 101);
    assert_eq!(lines[100], "… and 51 more organizations");
    assert!(lines[40].starts_with(&(" ".repeat(80) + &rows[40].id)), "{}", lines[40]);
    assert!(lines[41].starts_with(&(" ".repeat(80) + "41: ")), "{}", lines[41]);
    assert!(format!("{deep:.150}").ends_with("\n… and 1 more organization"));
    assert_eq!(format!("{deep:.151}").lines().count(), 151);
    assert_eq!(format!("{deep:.0}"), "151 organizations");
    assert_eq!(OrgStructure::default().to_string(), "");
    assert_eq!(tree(&[OrgRow::new("a\nb"), OrgRow::new("é").under("a\nb")]).to_string(), "a\\nb\n  é");
}

#[test]
fn debug_output_does_not_grow_with_the_tree() {
    let small = tree(&[OrgRow::new("0")]);
    let fingerprint = small.fingerprint().to_string();
    assert_eq!(
        format!("{small:?}"),
        format!("OrgStructure {{ organizations: 1, fingerprint: {}…, .. }}", &fingerprint[..8])
    );
    assert!(format!("{:?}", build(&measured(Shape::Flat, 10_000))).len() < 80);
}

#[test]
fn graphs_escape_any_id() {
    let odd = tree(&[OrgRow::new("a\"b\\c\n"), OrgRow::new("é<#>").under("a\"b\\c\n")]);
    let dot = odd.dot().to_string();
    assert!(dot.contains(r#"n0 [label="a\"b\\c\\u{a}"];"#), "{dot}");
    assert!(dot.ends_with("  n1 [label=\"é<#>\"];\n  n0 -> n1;\n}\n"), "{dot}");
    let mermaid = odd.mermaid().to_string();
    assert_eq!(mermaid, "flowchart TD\n  n0[\"a#34;b#92;c#10;\"]\n  n1[\"é#60;#35;#62;\"]\n  n0 --> n1\n");
}

#[test]
fn a_tree_in_json_is_its_rows() {
    let spain = OrgRow::new("Spain").under("0").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY);
    let small = tree(&[OrgRow::new("0"), spain.in_time_zone("Europe/Madrid").with_calendar("C")]);
    let rows = json!([
        {"id": "0"},
        {"id": "Spain", "parent": "0", "flags": "READY | LEGAL_ENTITY", "time_zone": "Europe/Madrid", "calendar": "C"},
    ]);
    assert_eq!(serde_json::to_value(&small).unwrap(), rows);
    assert_eq!(serde_json::from_value::<OrgStructure>(rows).unwrap(), small);

    let reason = |rows| serde_json::from_value::<OrgStructure>(rows).unwrap_err().to_string();
    assert!(reason(json!([{"id": "a", "parent": "a"}])).contains("`a` is its own parent"));
    assert!(reason(json!([{"id": "a", "parent": "b"}])).contains("parent `b` of organization `a`"));
    assert!(reason(json!([{"id": "a", "colour": 7}])).contains("colour"));
}

/// A binary format with a text in place of bytes.
struct TextInBinary;

impl<'de> Deserializer<'de> for TextInBinary {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str("orgtre")
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn a_tree_in_a_binary_format_is_its_canonical_bytes() {
    let small = tree(&[OrgRow::new("0"), OrgRow::new("A").under("0")]);
    let read = |value: ciborium::Value| {
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        ciborium::from_reader::<OrgStructure, _>(bytes.as_slice())
    };
    assert_eq!(read(ciborium::Value::Bytes(small.encode())).unwrap(), small);
    // Formats without byte strings use a list of numbers.
    let numbers = small.encode().into_iter().map(ciborium::Value::from).collect();
    assert_eq!(read(ciborium::Value::Array(numbers)).unwrap(), small);

    let error = read(ciborium::Value::Bytes(small.encode()[1..].to_vec())).unwrap_err();
    assert!(error.to_string().contains("not an organization tree"), "{error}");
    let error = OrgStructure::deserialize(TextInBinary).unwrap_err();
    assert!(error.to_string().contains("expected the canonical bytes of an organization tree"), "{error}");
}

#[test]
fn debug_output_of_values_is_short() {
    let small = tree(&[OrgRow::new("0"), OrgRow::new("A").under("0"), OrgRow::new("B").under("0")]);
    let [zero, a] = ["0", "A"].map(|id| small.index_of(id).unwrap());
    assert_eq!(format!("{a} {a:?}"), "1 #1");
    assert_eq!(format!("{:?} {:?}", small.children(zero), small.roots()), "Siblings(1..3) Siblings(0..3)");
    assert_eq!(format!("{:?}", small.path_to_root(a)), "PathToRoot(Some(#1))");
    let set = small.natural_tree(a).to_set();
    assert_eq!(format!("{:?} {:?}", set.iter(), set), "OrgSetIter(2 left) OrgSet(2 organizations: [0..2])");
    assert_eq!(format!("{:?}", set.ranges()), "OrgSetRanges(2 organizations left)");
    let fingerprint = Fingerprint::from_bytes([0xab; 32]);
    assert_eq!(format!("{fingerprint:?}"), format!("Fingerprint({})", "ab".repeat(32)));
    assert_eq!(fingerprint.as_bytes(), &[0xab; 32]);
}
