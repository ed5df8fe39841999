//! The answers of the retired OrgTree.

use org_structure::{OrgId, OrgRow, OrgStructure, quoted_list};
use session::openbravo::OrgAccess;
use session::openbravo::legacy::{SiblingOrder, accessible_tree, referenceable_orgs};

use crate::erp::{client, org};

fn tree() -> OrgStructure {
    let rows = [
        OrgRow::new("0"),
        OrgRow::new("A").under("0"),
        OrgRow::new("A1").under("A"),
        OrgRow::new("A2").under("A"),
        OrgRow::new("A3").under("A"),
        OrgRow::new("A4").under("A"),
        OrgRow::new("B").under("0"),
        OrgRow::new("B1").under("B"),
    ];
    OrgStructure::build(rows).unwrap().structure
}

#[test]
fn siblings_are_ordered_by_number_then_id() {
    let tree = tree();
    let numbers = [("A", 20.0), ("B", 10.5), ("A1", 30.0), ("A3", 10.0), ("A4", 10.0)];
    let numbers: Vec<(OrgId, Option<f64>)> =
        numbers.iter().map(|&(id, number)| (org(id), Some(number))).chain([(org("A2"), None)]).collect();
    let order = SiblingOrder::new(&numbers);
    let text = |id| quoted_list(referenceable_orgs(&tree, &order, id));
    assert_eq!(text(Some("A")), "'A','A3','A4','A1','A2','0'");
    assert_eq!(text(Some("A1")), "'A1','A','0'");
    assert_eq!(text(Some("0")), "'0','B','B1','A','A3','A4','A1','A2'");
    assert_eq!(text(Some("")), text(Some("0")));
    assert_eq!(text(Some("unknown")), "");
    assert_eq!(text(None), "");
}

#[test]
fn a_deep_tree_is_walked_without_recursion() {
    let ids: Vec<String> = (0..100_000).map(|place| format!("{place}")).collect();
    let rows = ids.iter().enumerate().map(|(place, id)| OrgRow {
        parent: place.checked_sub(1).map(|parent| ids[parent].as_str()),
        ..OrgRow::new(id)
    });
    let tree = OrgStructure::build(rows).unwrap().structure;
    let order = SiblingOrder::default();
    assert_eq!(referenceable_orgs(&tree, &order, Some("50000")).len(), 100_000);
    assert_eq!(referenceable_orgs(&tree, &order, Some("")).len(), 100_000);
}

#[test]
fn the_accessible_tree_ignores_flags() {
    let tree = tree();
    let row = |id, active| OrgAccess { org: org(id), client: client("C"), active, organization: None };
    let text = |rows: &[OrgAccess]| accessible_tree(&tree, rows).quoted_list(&tree);
    assert_eq!(text(&[]), "");
    assert_eq!(text(&[row("A1", false), row("B", true), row("unknown", true)]), "'0','A','A1','B','B1'");
    assert_eq!(accessible_tree(&tree, &[row("0", false)]).len(), 8);
}
