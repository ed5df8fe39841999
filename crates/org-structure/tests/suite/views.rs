//! Views equal the sets that they represent, in tree order, and allocate nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use allocation_counter::measure;
use org_structure::{OrgIndex, OrgSet, OrgStructure, ViewIter, ViewRanges};
use proptest::prelude::*;

use crate::shapes::{Shape, any_rows, build, measured};

/// The methods that all views share, so that one test compares them all.
struct Shown<'a> {
    set: OrgSet,
    len: usize,
    is_empty: bool,
    iter: ViewIter,
    ranges: ViewRanges,
    contains: Box<dyn Fn(OrgIndex) -> bool + 'a>,
    debug: String,
}

macro_rules! shown {
    ($view:expr) => {{
        let view = $view;
        Shown {
            set: view.to_set(),
            len: view.len(),
            is_empty: view.is_empty(),
            iter: view.iter(),
            ranges: view.ranges(),
            contains: Box::new(move |org| view.contains(org)),
            debug: format!("{view:?}"),
        }
    }};
}

fn assert_shows(tree: &OrgStructure, shown: Shown<'_>, expected: &BTreeSet<OrgIndex>) {
    assert_eq!(shown.set, expected.iter().copied().collect(), "{}", shown.debug);
    assert_eq!(shown.len, expected.len());
    assert_eq!(shown.is_empty, expected.is_empty());
    assert_eq!(shown.iter.len(), expected.len());
    assert!(shown.iter.eq(expected.iter().copied()));
    let ranges: Vec<Range<u32>> = shown.ranges.clone().collect();
    assert_eq!(shown.ranges.len(), ranges.len());
    assert!(ranges.iter().all(|range| !range.is_empty()), "{ranges:?}");
    assert_eq!(ranges, shown.set.ranges().collect::<Vec<_>>());
    for org in tree.indices().chain([tree.len() as u32, u32::MAX].map(OrgIndex::new)) {
        assert_eq!((shown.contains)(org), expected.contains(&org), "{org:?} in {}", shown.debug);
    }
}

proptest! {
    #[test]
    fn views_equal_a_walk(rows in any_rows(), beyond in 0..3_u32) {
        let tree = build(&rows);
        let unknown = OrgIndex::new(if beyond == 2 { u32::MAX } else { tree.len() as u32 + beyond });
        for org in tree.indices().chain([unknown]) {
            let path: BTreeSet<OrgIndex> = tree.path_to_root(org).collect();
            let above: BTreeSet<OrgIndex> = tree.path_to_root(org).skip(1).collect();
            let is_below = |other: &OrgIndex| tree.path_to_root(*other).skip(1).any(|above| above == org);
            let below: BTreeSet<OrgIndex> = tree.indices().filter(is_below).collect();
            let itself: BTreeSet<OrgIndex> = tree.path_to_root(org).take(1).collect();
            assert_shows(&tree, shown!(tree.natural_tree(org)), &(&path | &below));
            assert_shows(&tree, shown!(tree.ancestors(org, true)), &path);
            assert_shows(&tree, shown!(tree.ancestors(org, false)), &above);
            assert_shows(&tree, shown!(tree.descendants(org, true)), &(&itself | &below));
            assert_shows(&tree, shown!(tree.descendants(org, false)), &below);
        }
    }

    #[test]
    fn operators_match_std_sets(rows in any_rows(), one in any::<u64>(), other in any::<u64>()) {
        let tree = build(&rows);
        let chosen = |bits: u64| -> BTreeSet<OrgIndex> {
            tree.indices().filter(|org| bits >> org.rank() & 1 == 1).collect()
        };
        let (one, other) = (chosen(one), chosen(other));
        let [a, b] = [&one, &other].map(|set| set.iter().copied().collect::<OrgSet>());
        let set = |orgs: BTreeSet<OrgIndex>| orgs.into_iter().collect::<OrgSet>();
        prop_assert_eq!(&a | &b, set(&one | &other));
        prop_assert_eq!(&a & &b, set(&one & &other));
        prop_assert_eq!(&a - &b, set(&one - &other));
        prop_assert_eq!(a.is_disjoint(&b), one.is_disjoint(&other));
        prop_assert!(a.is_disjoint(&(&b - &a)));
        prop_assert_eq!(a.is_subset(&b), one.is_subset(&other));
        prop_assert!(set(&one & &other).is_subset(&a));
        let mut changed = a.clone();
        changed |= &b;
        prop_assert_eq!(&changed, &(&a | &b));
        changed -= &b;
        prop_assert_eq!(&changed, &(&a - &b));
        changed.extend(&b);
        changed &= &a;
        prop_assert_eq!(&changed, &a);
        prop_assert_eq!(a.iter().len(), one.len());
        prop_assert_eq!(a.is_empty(), one.is_empty());
        prop_assert!(tree.indices().all(|org| a.contains(org) == one.contains(&org)));
        prop_assert!((&a).into_iter().rev().eq(one.iter().rev().copied()));
        let (mut a, mut one) = (a, one);
        for org in other {
            prop_assert_eq!(a.remove(org), one.remove(&org));
            prop_assert_eq!(&a, &one.iter().copied().collect());
            prop_assert!(a.insert(org) && !a.insert(org) && a.remove(org));
        }
    }
}

fn assert_counts_down(mut items: impl ExactSizeIterator) {
    let mut left = items.len();
    assert!(left > 1);
    while items.next().is_some() {
        left -= 1;
        assert_eq!(items.len(), left);
    }
    assert_eq!(left, 0);
}

#[test]
fn iterators_know_their_length() {
    let tree = build(&measured(Shape::Fan5, 100));
    let bottom = tree.indices().next_back().unwrap();
    assert_counts_down(tree.indices());
    assert_counts_down(tree.rows());
    let view = tree.natural_tree(bottom);
    assert_counts_down(view.ranges());
    assert_counts_down(view.iter());
    assert_counts_down(view.to_set().iter());
}

#[test]
fn views_do_not_allocate() {
    for shape in Shape::ALL {
        let tree = build(&measured(shape, 600));
        let mut seen = 0;
        let counted = measure(|| {
            for org in tree.indices() {
                let (all, above, below) =
                    (tree.natural_tree(org), tree.ancestors(org, false), tree.descendants(org, true));
                assert_eq!(all.len(), above.len() + below.len());
                assert_eq!(all.ranges().map(|range| range.len()).sum::<usize>(), all.iter().count());
                seen += all.into_iter().filter(|other| below.contains(*other)).count();
                assert!(
                    tree.ids(above).all(|id| tree.index_of(id.as_str()).is_some_and(|org| all.contains(org)))
                );
            }
        });
        assert_eq!(counted.count_total, 0, "{shape:?}");
        assert!(seen >= tree.len());
    }
}

#[test]
fn debug_output_does_not_grow_with_the_set() {
    let tree = build(&measured(Shape::Flat, 10_000));
    let every_second: OrgSet = tree.indices().step_by(2).collect();
    let debug = format!("{every_second:?}");
    assert!(debug.starts_with("OrgSet(5001 organizations: [0..1, 2..3,") && debug.len() < 120, "{debug}");
    assert!(format!("{:?}", tree.natural_tree(OrgIndex::new(5))).len() < 40);
}
