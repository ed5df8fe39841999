//! Laws that hold for every tree, and equality with the oracle for every call.

use std::collections::BTreeSet;

use crate::oracle::Oracle;
use crate::shapes::{any_rows, build};
use org_structure::openbravo::OrganizationStructureProvider;
use org_structure::{OrgFlags, OrgIndex, OrgRow, OrgSet, OrgStructure};
use proptest::prelude::*;

fn ids(tree: &OrgStructure, orgs: impl IntoIterator<Item = OrgIndex>) -> BTreeSet<String> {
    tree.ids(orgs).map(|id| id.to_string()).collect()
}

fn owned(ids: impl IntoIterator<Item = impl AsRef<str>>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.as_ref().to_owned()).collect()
}

fn text(tree: &OrgStructure, org: Option<OrgIndex>) -> Option<String> {
    org.and_then(|org| tree.id(org)).map(|id| id.to_string())
}

proptest! {
    #[test]
    fn ids_and_indices_convert_both_ways(rows in any_rows()) {
        let tree = build(&rows);
        prop_assert_eq!(tree.len(), rows.len());
        for row in &rows {
            let org = tree.index_of(&row.id).unwrap();
            prop_assert_eq!(text(&tree, Some(org)), Some(row.id.clone()));
            prop_assert_eq!(tree.flags(org), Some(row.flags));
            prop_assert_eq!(tree.time_zone(org), row.time_zone.as_deref());
            prop_assert_eq!(tree.calendar(org), row.calendar.as_deref());
        }
        for unknown in ["", "unknown", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", &"x".repeat(100)] {
            prop_assert_eq!(tree.index_of(unknown), None);
        }
        let asked = rows.iter().map(|row| row.id.as_str()).chain(["unknown", ""]);
        let resolved = tree.resolve(asked);
        prop_assert_eq!(resolved.known, tree.all());
        prop_assert_eq!(resolved.unknown, vec!["unknown", ""]);
    }

    #[test]
    fn tree_order_is_preorder_heaviest_child_first(rows in any_rows()) {
        let tree = build(&rows);
        let order: Vec<String> = tree.indices().map(|org| tree.id(org).unwrap().to_string()).collect();
        prop_assert_eq!(order, Oracle::new(&rows).tree_order());
    }

    #[test]
    fn answers_equal_the_oracles(rows in any_rows()) {
        let (tree, oracle) = (build(&rows), Oracle::new(&rows));
        for id in oracle.ids() {
            let org = tree.index_of(id).unwrap();
            let path = oracle.path(id);
            prop_assert_eq!(text(&tree, tree.parent(org)), oracle.parent(id).map(str::to_owned));
            prop_assert_eq!(tree.depth(org), Some(path.len() as u32 - 1));
            let upwards: Vec<String> = tree.path_to_root(org).map(|org| text(&tree, Some(org)).unwrap()).collect();
            prop_assert_eq!(&upwards, &path);
            prop_assert_eq!(ids(&tree, tree.ancestors(org, true)), owned(&path));
            prop_assert_eq!(ids(&tree, tree.ancestors(org, false)), owned(&path[1..]));
            prop_assert_eq!(ids(&tree, tree.children(org)), owned(oracle.children(id)));
            let below = oracle.descendants(id);
            prop_assert_eq!(ids(&tree, tree.descendants(org, false)), owned(&below));
            prop_assert_eq!(ids(&tree, tree.descendants(org, true)), owned(below.into_iter().chain([id])));
            prop_assert_eq!(ids(&tree, tree.natural_tree(org)), owned(oracle.natural_tree(id)));
            for flags in [
                OrgFlags::LEGAL_ENTITY, OrgFlags::BUSINESS_UNIT, OrgFlags::PERIOD_CONTROL, OrgFlags::READY,
                OrgFlags::LEGAL_ENTITY | OrgFlags::BUSINESS_UNIT, OrgFlags::PERIOD_CONTROL | OrgFlags::ACCOUNTING,
                OrgFlags::empty(),
            ] {
                let expected = oracle.nearest_flagged(id, flags).map(str::to_owned);
                prop_assert_eq!(text(&tree, tree.nearest(org, flags)), expected);
            }
            let owner = oracle.nearest(id, |row| row.calendar.is_some());
            prop_assert_eq!(text(&tree, tree.nearest_calendar_owner(org)), owner.map(str::to_owned));
        }
        let roots: BTreeSet<&str> = oracle.ids().filter(|id| oracle.parent(id).is_none()).collect();
        prop_assert_eq!(ids(&tree, tree.roots()), owned(roots));
    }

    #[test]
    fn answers_about_pairs_equal_the_oracles(rows in any_rows()) {
        let (tree, oracle) = (build(&rows), Oracle::new(&rows));
        let paths: Vec<(&str, Vec<&str>)> = oracle.ids().map(|id| (id, oracle.path(id))).collect();
        for (one, path) in &paths {
            let a = tree.index_of(one).unwrap();
            let natural_tree = tree.natural_tree(a);
            for (other, other_path) in &paths {
                let b = tree.index_of(other).unwrap();
                let level = path.iter().position(|id| id == other).map(|steps| steps as u32 + 1);
                prop_assert_eq!(tree.level(a, b), level);
                prop_assert_eq!(tree.is_self_or_below(a, b), level.is_some());
                let expected = level.is_some() || other_path.contains(one);
                prop_assert_eq!(tree.is_in_natural_tree(a, b), expected);
                prop_assert_eq!(natural_tree.contains(b), expected);
            }
        }
    }

    #[test]
    fn ancestor_and_descendant_are_dual_and_natural_trees_symmetric(rows in any_rows()) {
        let tree = build(&rows);
        for a in tree.indices() {
            for b in tree.indices() {
                prop_assert_eq!(tree.ancestors(a, false).contains(b), tree.descendants(b, false).contains(a));
                prop_assert_eq!(tree.natural_tree(a).contains(b), tree.natural_tree(b).contains(a));
            }
        }
    }

    #[test]
    fn flags_within_a_set(rows in any_rows(), flags: u16) {
        let (tree, flags) = (build(&rows), OrgFlags::from_bits_truncate(flags & flags >> 3));
        let flagged = tree.with_flags(flags, tree.all());
        let expected = rows.iter().filter(|row| row.flags.contains(flags)).map(|row| &row.id);
        prop_assert_eq!(ids(&tree, &flagged), owned(expected));
        for org in tree.indices() {
            let within = tree.natural_tree(org);
            let both = &flagged & &within.to_set();
            prop_assert_eq!(tree.with_flags(flags, within), both);
        }
    }

    #[test]
    fn the_union_of_natural_trees_contains_each(
        rows in any_rows(),
        chosen in proptest::collection::vec(0..70_u32, 0..12),
    ) {
        let tree = build(&rows);
        // Unordered, with duplicates and indices outside the tree.
        let chosen: OrgSet = chosen.into_iter().map(OrgIndex::new).collect();
        let mut each = OrgSet::new();
        chosen.iter().for_each(|org| each |= &tree.natural_tree(org).to_set());
        prop_assert_eq!(tree.natural_trees(&chosen), each);
    }

    #[test]
    fn ranges_cover_exactly_the_ranks_of_a_set(ranks in proptest::collection::btree_set(0..90_u32, 0..60), far in 65_500..65_600_u32) {
        let ranks: BTreeSet<u32> = ranks.into_iter().chain(65_500..far).collect();
        let set: OrgSet = ranks.iter().rev().copied().map(OrgIndex::new).collect();
        let ranges: Vec<_> = set.ranges().collect();
        prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{:?}", ranges);
        prop_assert!(ranges.into_iter().flatten().eq(ranks));
    }

    #[test]
    fn closest_is_nearest_above_then_smallest_below(
        rows in any_rows(),
        records in proptest::collection::vec((any::<u8>(), any::<prop::sample::Index>()), 0..6),
    ) {
        prop_assume!(!rows.is_empty());
        let (tree, oracle) = (build(&rows), Oracle::new(&rows));
        let records: Vec<(String, &str)> =
            records.iter().map(|(id, at)| (format!("{id:03}"), rows[at.index(rows.len())].id.as_str())).collect();
        let provider = OrganizationStructureProvider::new("client", &tree);
        for id in oracle.ids() {
            let path = oracle.path(id);
            let below = oracle.descendants(id);
            let above = records.iter().filter_map(|(record, org)| {
                Some((path.iter().position(|on_path| on_path == org)?, record))
            });
            let under = records.iter().filter(|(_, org)| below.contains(org)).map(|(record, _)| record).min();
            let expected = above.min().map(|(_, record)| record).or(under);
            let given = records.iter().map(|(record, org)| (record.as_str(), *org));
            prop_assert_eq!(provider.closest(given, Some(id)), expected.map(String::as_str));
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in any_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let (tree, same) = (build(&rows), build(&shuffled));
        prop_assert_eq!(&tree, &same);
        prop_assert_eq!(tree.encode(), same.encode());
        prop_assert_eq!(tree.fingerprint(), same.fingerprint());
    }

    #[test]
    fn bytes_round_trip(rows in any_rows()) {
        let tree = build(&rows);
        let bytes = tree.encode();
        let decoded = OrgStructure::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, &tree);
        prop_assert_eq!(decoded.encode(), bytes);
        for row in &rows {
            prop_assert_eq!(decoded.index_of(&row.id), tree.index_of(&row.id));
        }
    }

    #[test]
    fn sets_round_trip_through_json(rows in any_rows()) {
        let tree = build(&rows);
        for org in tree.indices() {
            let set = tree.natural_tree(org).to_set();
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<OrgSet>(&json).unwrap(), set);
        }
    }

    #[test]
    fn an_index_of_another_tree_is_unknown(rows in any_rows(), beyond in 0..3_u32) {
        let tree = build(&rows);
        let unknown = OrgIndex::new(if beyond == 2 { u32::MAX } else { tree.len() as u32 + beyond });
        prop_assert_eq!(tree.id(unknown), None);
        prop_assert_eq!(tree.flags(unknown), None);
        prop_assert_eq!(tree.parent(unknown), None);
        prop_assert_eq!(tree.depth(unknown), None);
        prop_assert_eq!(tree.level(unknown, unknown), None);
        prop_assert_eq!(tree.nearest(unknown, OrgFlags::all()), None);
        prop_assert_eq!(tree.nearest_calendar_owner(unknown), None);
        prop_assert!(!tree.is_in_natural_tree(unknown, unknown));
        prop_assert!(tree.natural_tree(unknown).is_empty());
        prop_assert!(tree.ancestors(unknown, true).is_empty());
        prop_assert!(tree.descendants(unknown, true).is_empty());
        prop_assert_eq!(tree.children(unknown).count(), 0);
        prop_assert_eq!(tree.path_to_root(unknown).count(), 0);
        for org in tree.indices() {
            prop_assert!(!tree.is_in_natural_tree(org, unknown));
            prop_assert!(!tree.is_in_natural_tree(unknown, org));
        }
    }
}

/// The subtree of the only owner reaches to the end of the tree. An index past the end is not part of it.
#[test]
fn an_index_past_the_end_has_no_nearest_organization() {
    let kinds = OrgFlags::LEGAL_ENTITY | OrgFlags::BUSINESS_UNIT | OrgFlags::PERIOD_CONTROL;
    let ids: Vec<String> = (1..20).map(|place| place.to_string()).collect();
    let owner = OrgRow::new("0").with_flags(kinds).with_calendar("C");
    let rows = ids.iter().map(|id| OrgRow::new(id).under("0")).chain([owner]);
    let tree = OrgStructure::build(rows).unwrap().structure;
    let last = tree.indices().next_back().unwrap();
    for flags in kinds.iter().chain([kinds]) {
        assert_eq!(tree.nearest(last, flags), Some(OrgIndex::new(0)));
        for beyond in [20, 21, u32::MAX].map(OrgIndex::new) {
            assert_eq!(tree.nearest(beyond, flags), None, "{beyond}, {flags:?}");
        }
    }
    assert_eq!(tree.nearest_calendar_owner(last), Some(OrgIndex::new(0)));
    for beyond in [20, 21, u32::MAX].map(OrgIndex::new) {
        assert_eq!(tree.nearest_calendar_owner(beyond), None, "{beyond}");
    }
}
