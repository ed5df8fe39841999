//! The answers of OrgTree, which Openbravo retired in 2018, for comparison with an installation that still
//! uses it.

use std::collections::BTreeMap;

use org_structure::{OrgId, OrgIndex, OrgSet, OrgStructure};

use super::OrgAccess;
use crate::OrgSelection;

/// The order of siblings in the old lists: by sequence number, those without one last, then by id.
#[derive(Clone, Debug, Default)]
pub struct SiblingOrder {
    places: BTreeMap<OrgId, f64>,
}

impl SiblingOrder {
    /// Creates the order from sequence numbers (`ad_treenode.seqno`). An organization that is not listed has
    /// none.
    #[must_use]
    pub fn new(numbers: &[(OrgId, Option<f64>)]) -> Self {
        let places = numbers.iter().filter_map(|&(id, number)| Some((id, number?)));
        SiblingOrder { places: places.filter(|(_, number)| !number.is_nan()).collect() }
    }

    /// Sorts siblings, the first one last, as a stack needs them.
    fn sort_for_stack(
        &self,
        tree: &OrgStructure,
        siblings: impl Iterator<Item = OrgIndex>,
    ) -> Vec<(OrgIndex, OrgId)> {
        let mut siblings: Vec<(OrgIndex, OrgId)> =
            siblings.filter_map(|org| Some((org, tree.id(org)?))).collect();
        let place = |id: &OrgId| self.places.get(id).copied().unwrap_or(f64::INFINITY);
        siblings.sort_unstable_by(|(_, a), (_, b)| place(b).total_cmp(&place(a)).then_with(|| b.cmp(a)));
        siblings
    }
}

/// `getReferenceableOrganizations`: the organization and all below it in pre-order, then its ancestors
/// bottom-up.
///
/// An unknown or null id gives none; the empty text gives the whole tree.
///
/// # Complexity
/// O(n log n), no recursion.
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
/// use session::openbravo::legacy::{SiblingOrder, referenceable_orgs};
///
/// let rows = [OrgRow::new("0"), OrgRow::new("A").under("0"), OrgRow::new("B").under("0")];
/// let tree = OrgStructure::build(rows)?.structure;
/// let order = SiblingOrder::new(&[("A".parse()?, Some(20.0)), ("B".parse()?, Some(10.0))]);
/// assert_eq!(referenceable_orgs(&tree, &order, Some("0")), ["0", "B", "A"]);
/// assert_eq!(referenceable_orgs(&tree, &order, Some("A")), ["A", "0"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn referenceable_orgs(tree: &OrgStructure, order: &SiblingOrder, org: Option<&str>) -> Vec<OrgId> {
    let Some(org) = org else { return Vec::new() };
    let start = tree.index_of(org);
    let mut waiting = match start {
        Some(_) => order.sort_for_stack(tree, start.into_iter()),
        None if org.is_empty() => order.sort_for_stack(tree, tree.roots()),
        None => Vec::new(),
    };
    let mut list = Vec::new();
    while let Some((org, id)) = waiting.pop() {
        list.push(id);
        waiting.extend(order.sort_for_stack(tree, tree.children(org)));
    }
    let above = start.into_iter().flat_map(|org| tree.path_to_root(org).skip(1));
    list.extend(above.filter_map(|org| tree.id(org)));
    list
}

/// `getAccessibleTree`, the old `#AccessibleOrgTree`, as a set: the natural trees of all organizations of a
/// role's access rows, active or not. An organization that is not in the tree adds nothing.
#[must_use]
pub fn accessible_tree(tree: &OrgStructure, accesses: &[OrgAccess]) -> OrgSelection {
    let given: OrgSet = accesses.iter().filter_map(|row| tree.index_of(row.org.as_str())).collect();
    OrgSelection::from_parts(tree.natural_trees(&given), Vec::new())
}
