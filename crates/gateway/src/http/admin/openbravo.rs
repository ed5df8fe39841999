//! `Estimate`: the memory that Openbravo's structures would take for the same sessions.

use org_structure::OrgStructure;
use schemars::JsonSchema;
use serde::Serialize;
use session::TreeInUse;

/// Bytes that Openbravo's caches would take for the same sessions on the same trees.
///
/// Linear fits to measurements of Openbravo's classes on OpenJDK 17, with 600 organizations in a flat tree
/// and in a chain. For a tree with five children per organization they are within 3 % of the measurement.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Estimate {
    /// Before 2018: per session, the natural tree, parents and children of each organization.
    pre: u64,
    /// From 2018: per session, a map of nodes.
    post: u64,
    /// From 2022: a map of nodes that sessions share, and which may change during a session.
    head: u64,
    /// The second cache of each session, `OrgTree`.
    orgtree: u64,
}

impl Estimate {
    pub(crate) fn for_trees(trees: &[TreeInUse]) -> Self {
        let mut sum = Estimate::default();
        for tree in trees {
            let (one, sessions) = (Sizes::from_tree(&tree.structure), count(tree.sessions));
            sum.pre += one.natural_trees() * sessions;
            sum.post += one.node_map() * sessions;
            sum.head += one.node_map() + 28 * sessions;
            sum.orgtree += one.organizations * 296 * sessions;
        }
        sum
    }
}

/// The numbers that determine the size of Openbravo's structures.
struct Sizes {
    organizations: u64,
    /// Organizations with children.
    inner: u64,
    /// The sum of the sizes of all natural trees.
    natural: u64,
}

impl Sizes {
    fn from_tree(tree: &OrgStructure) -> Self {
        let depths = tree.indices().filter_map(|org| tree.depth(org)).map(u64::from).sum::<u64>();
        let organizations = count(tree.len());
        // The numbers of all ancestors and of all descendants have the same sum.
        Sizes {
            organizations,
            inner: count(tree.indices().filter(|org| tree.children(*org).next().is_some()).count()),
            natural: organizations + 2 * depths,
        }
    }

    fn natural_trees(&self) -> u64 {
        self.organizations * 424 + self.natural * 39
    }

    fn node_map(&self) -> u64 {
        self.organizations * 246 + self.inner * 50
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::{OPENBRAVO, SHAPES, tree_of_shape};

    fn assert_near(estimate: u64, measured: u64) {
        let difference = estimate.abs_diff(measured);
        assert!(difference * 100 <= measured * 4, "{estimate} is not within 4 % of {measured}");
    }

    #[test]
    fn the_estimate_is_close_to_the_measurements() {
        let [(_, before_2018), _, (_, from_2018), _] = OPENBRAVO;
        for ((shape, pre), post) in SHAPES.into_iter().zip(before_2018).zip(from_2018) {
            let sizes = Sizes::from_tree(&tree_of_shape(shape));
            assert_near(sizes.natural_trees(), count(pre));
            assert_near(sizes.node_map(), count(post));
        }
    }
}
