//! The answers of a tree about one organization.

use org_structure::{OrgFlags, OrgIndex, OrgStructure, ViewRanges};
use serde_json::{Value, json};

/// The nearest organizations that a file names, and the flags that they have.
pub(crate) const NEAREST: [(&str, OrgFlags); 5] = [
    ("legal_entity", OrgFlags::LEGAL_ENTITY),
    ("business_unit", OrgFlags::BUSINESS_UNIT),
    ("legal_entity_or_business_unit", OrgFlags::LEGAL_ENTITY.union(OrgFlags::BUSINESS_UNIT)),
    ("period_control", OrgFlags::PERIOD_CONTROL),
    ("accounting", OrgFlags::ACCOUNTING),
];

pub(crate) fn of_tree(tree: &OrgStructure, rank: u32) -> Value {
    let org = OrgIndex::new(rank);
    let ranges = |ranges: ViewRanges| ranges.map(|range| [range.start, range.end]).collect::<Vec<_>>();
    let mut answer = json!({
        "rank": rank,
        "id": tree.id(org),
        "parent": tree.parent(org),
        "flags": tree.flags(org).unwrap().bits(),
        "time_zone": tree.time_zone(org),
        "calendar": tree.calendar(org),
        "depth": tree.depth(org),
        "children": tree.children(org).collect::<Vec<_>>(),
        "ancestors": ranges(tree.ancestors(org, false).ranges()),
        "descendants": ranges(tree.descendants(org, false).ranges()),
        "natural_tree": ranges(tree.natural_tree(org).ranges()),
        "calendar_owner": tree.nearest_calendar_owner(org),
    });
    for (name, flags) in NEAREST {
        answer[name] = json!(tree.nearest(org, flags));
    }
    answer
}
