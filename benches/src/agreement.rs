//! Checks that a structure gives the same answers as orgcache.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::orgcache::{Orgcache, SharedTree};
use crate::structure::{Answer, Database, NoAnswer, Structure};
use crate::trees::{Shape, rows, sequence};

/// A structure gave another answer than orgcache.
#[derive(Debug, thiserror::Error)]
#[error("{structure} disagrees about {call} of `{org}` in a {shape} tree")]
pub struct Disagreement {
    structure: &'static str,
    call: &'static str,
    org: String,
    shape: Shape,
}

/// Compares every call, on trees of every shape, about organizations of the tree. (About others the
/// structures differ: itself, nothing, or no such call.)
///
/// # Errors
/// The first differing answer. A call that a structure lacks is not a difference.
pub fn check<S: Structure>() -> Result<(), Disagreement> {
    Shape::ALL.into_iter().try_for_each(check_shape::<S>)
}

fn check_shape<S: Structure>(shape: Shape) -> Result<(), Disagreement> {
    let database = Arc::new(Database::new(rows(shape, 60)));
    let differs = |call, org: &str| Disagreement { structure: S::NAME, call, org: org.to_owned(), shape };
    let loaded = S::load(&database).and_then(|first| first.another(&database));
    let (Ok(structure), Ok(orgcache)) = (loaded, Orgcache::<SharedTree>::load(&database)) else {
        return Err(differs("load", "0"));
    };
    let ids: Vec<&str> = database.rows().iter().map(|row| row.id.as_str()).collect();
    for org in &ids {
        let differs = |call| differs(call, org);
        let set = |set: Answer<S::Set<'_>>| set.map(|set| structure.texts(&set));
        let expected = |set: Answer<_>| set.map(|set| orgcache.texts(&set));
        agree(set(structure.natural_tree(org)), expected(orgcache.natural_tree(org)))
            .ok_or_else(|| differs("natural_tree"))?;
        agree(set(structure.descendants(org)), expected(orgcache.descendants(org)))
            .ok_or_else(|| differs("descendants"))?;
        let list =
            structure.ancestors(org).map(|list| texts(list.into_iter().map(|org| structure.text(&org))));
        let expected =
            orgcache.ancestors(org).map(|list| texts(list.into_iter().map(|org| orgcache.text(&org))));
        agree(list, expected).ok_or_else(|| differs("ancestors"))?;
        let owner = structure.legal_entity(org).map(|owner| owner.map(|owner| structure.text(&owner)));
        let expected = orgcache.legal_entity(org).map(|owner| owner.map(|owner| orgcache.text(&owner)));
        agree(owner, expected).ok_or_else(|| differs("legal_entity"))?;
        for other in &ids {
            agree(structure.is_in_natural_tree(org, other), orgcache.is_in_natural_tree(org, other))
                .ok_or_else(|| differs("natural_tree_test"))?;
        }
    }
    // Structures number organizations differently: compare the answers over all numbers with those over all
    // ids.
    let numbers = || (0..ids.len()).filter_map(|number| u32::try_from(number).ok());
    let trees = |all: Answer<BTreeSet<BTreeSet<String>>>| all;
    let by_number =
        numbers().map(|org| structure.natural_tree_by_index(org).map(|set| structure.texts(&set)));
    let by_id = ids.iter().map(|org| orgcache.natural_tree(org).map(|set| orgcache.texts(&set)));
    agree(trees(by_number.collect()), trees(by_id.collect()))
        .ok_or_else(|| differs("natural_tree_by_index", "0"))?;
    let owners = |all: Answer<Vec<Option<String>>>| {
        all.map(|mut all| {
            all.sort_unstable();
            all
        })
    };
    let by_number = numbers().map(|org| {
        structure.legal_entity_by_index(org).map(|owner| owner.map(|owner| structure.text(&owner)))
    });
    let by_id = ids
        .iter()
        .map(|org| orgcache.legal_entity(org).map(|owner| owner.map(|owner| orgcache.text(&owner))));
    agree(owners(by_number.collect()), owners(by_id.collect()))
        .ok_or_else(|| differs("legal_entity_by_index", "0"))?;
    let picked: BTreeSet<usize> = sequence(ids.len(), 60, 3).collect();
    let list: Vec<String> = picked.iter().filter_map(|&at| ids.get(at)).map(|id| format!("'{id}'")).collect();
    let list = list.join(",");
    agree(structure.transaction_allowed(&list), orgcache.transaction_allowed(&list))
        .ok_or_else(|| differs("transaction_allowed", "0"))
}

/// The ids of a list, in order.
fn texts(ids: impl Iterator<Item = String>) -> Vec<String> {
    ids.collect()
}

fn agree<T: PartialEq>(answer: Answer<T>, expected: Answer<T>) -> Option<()> {
    (answer == Err(NoAnswer::NoSuchCall) || answer == expected).then_some(())
}
