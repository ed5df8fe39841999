//! `Estimate`: what Openbravo's structures would take for the sessions at hand.

use org_structure::OrgStructure;
use schemars::JsonSchema;
use serde::Serialize;
use session::TreeInUse;

/// Bytes that Openbravo's caches would take for the same sessions on the same trees.
///
/// Straight lines through what was measured of Openbravo's classes on OpenJDK 17, at 600 organizations flat
/// and in a chain; at five children each they are within 3 % of the measured.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Estimate {
    /// Before 2018: for each session the sets of natural tree, parents and children of every organization.
    pre: u64,
    /// From 2018: for each session a map of nodes.
    post: u64,
    /// From 2022: a map of nodes that sessions share, which may change under a session.
    head: u64,
    /// The second cache of each session, OrgTree.
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

/// What the size of Openbravo's structures depends on.
struct Sizes {
    organizations: u64,
    /// Organizations that have others below them.
    inner: u64,
    /// The sizes of all natural trees together.
    natural: u64,
}

impl Sizes {
    fn from_tree(tree: &OrgStructure) -> Self {
        let depths = tree.indices().filter_map(|org| tree.depth(org)).map(u64::from).sum::<u64>();
        let organizations = count(tree.len());
        // Whoever is above another one has it below: ancestors and descendants add up to the same.
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
    fn the_estimate_is_near_what_was_measured() {
        let [(_, before_2018), _, (_, from_2018), _] = OPENBRAVO;
        for ((shape, pre), post) in SHAPES.into_iter().zip(before_2018).zip(from_2018) {
            let sizes = Sizes::from_tree(&tree_of_shape(shape));
            assert_near(sizes.natural_trees(), count(pre));
            assert_near(sizes.node_map(), count(post));
        }
    }
}
