//! Exact bytes: `footprint` reports what the allocator gave.

use crate::shapes::{Row, Shape, build, measured};
use allocation_counter::measure;
use org_structure::{OrgFlags, OrgIndex, OrgRow, OrgSet, OrgStructure};

/// The heap bytes of a value.
fn kept<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let mut value = None;
    let counted = measure(|| value = Some(make()));
    (value.unwrap(), usize::try_from(counted.bytes_current).unwrap())
}

fn assert_exact(make: impl FnOnce() -> OrgStructure) {
    let (tree, bytes) = kept(make);
    assert_eq!(tree.footprint(), bytes, "{} organizations", tree.len());
    let encoded = tree.encode();
    let (decoded, bytes) = kept(|| OrgStructure::decode(&encoded).unwrap());
    assert_eq!(decoded.footprint(), bytes);
    let (copy, bytes) = kept(|| tree.clone());
    assert_eq!(copy.footprint(), bytes);
}

/// The process-wide hasher keys are created at first use and belong to no tree.
fn settle() {
    drop(build(&measured(Shape::Flat, 1)));
}

#[test]
fn the_footprint_of_a_tree_is_exact() {
    settle();
    assert_exact(|| build(&[]));
    let small = Shape::ALL.into_iter().flat_map(|shape| [0, 1, 7, 600].map(|count| (shape, count)));
    for (shape, count) in small.chain([(Shape::Random, 70_000)]) {
        let rows = measured(shape, count);
        assert_exact(|| build(&rows));
    }
}

#[test]
fn texts_are_counted() {
    settle();
    let mut rows = measured(Shape::Random, 1_000);
    for (place, row) in rows.iter_mut().enumerate() {
        row.time_zone = (place % 3 == 0).then(|| format!("Zone/{}", place % 7));
        row.calendar = (place % 5 == 0).then(|| format!("CALENDAR{}", place % 11));
    }
    rows.extend((0..100).map(|place| Row {
        id: format!("an-id-with-29-bytes-{place:09}"),
        parent: None,
        flags: OrgFlags::BUSINESS_UNIT,
        time_zone: None,
        calendar: None,
    }));
    assert_exact(|| build(&rows));
}

#[test]
fn budget_of_600_organizations() {
    let bytes = |shape| build(&measured(shape, 600)).footprint();
    let all: Vec<usize> = Shape::ALL[..5].iter().map(|&shape| bytes(shape)).collect();
    let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
    assert!(*most <= 18_000, "{all:?}");
    assert!((most - least) * 100 <= most * 3, "shapes within 3 %: {all:?}");
}

/// The benchmarks check the same budget for a million organizations.
#[test]
fn budget_of_100_000_organizations() {
    for shape in [Shape::Chain, Shape::Fan5, Shape::Flat] {
        let tree = build(&measured(shape, 99_999));
        assert_eq!(tree.len(), 100_000);
        assert!(tree.footprint() <= 42 * 100_000, "{shape:?}: {}", tree.footprint());
        let bottom = tree.indices().next_back().unwrap();
        assert_eq!(tree.depth(bottom), Some(tree.path_to_root(bottom).count() as u32 - 1));
        assert_eq!(tree.natural_tree(tree.index_of("0").unwrap()).len(), 100_000);
        assert_eq!(OrgStructure::decode(&tree.encode()).unwrap(), tree);
    }
}

#[test]
fn a_yes_or_no_does_not_allocate() {
    let rows = measured(Shape::Random, 600);
    let tree = build(&rows);
    let counted = measure(|| {
        for row in &rows {
            let org = tree.index_of(&row.id).unwrap();
            for other in tree.indices() {
                assert_eq!(tree.is_in_natural_tree(org, other), tree.is_in_natural_tree(other, org));
            }
            tree.nearest(org, OrgFlags::LEGAL_ENTITY).and_then(|nearest| tree.id(nearest));
            assert!(tree.flags(org).unwrap().contains(OrgFlags::READY));
            assert_eq!(
                tree.depth(org),
                tree.level(org, tree.path_to_root(org).last().unwrap()).map(|l| l - 1)
            );
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn the_footprint_of_a_trimmed_set_is_exact() {
    let rows = measured(Shape::Random, 200_000);
    let tree = build(&rows);
    let every_third: OrgSet = tree.indices().step_by(3).collect();
    let scattered: OrgSet = tree.indices().step_by(1_000).collect();
    let sets = tree.indices().step_by(20_000).map(|org| tree.natural_tree(org).to_set());
    for set in sets.chain([tree.all(), OrgSet::new(), every_third, scattered]) {
        let len = set.len();
        let (trimmed, bytes) = kept(|| {
            let mut set = set.clone();
            set.shrink_to_fit();
            set
        });
        assert_eq!(trimmed.footprint(), bytes, "{len} organizations");
        assert_eq!(trimmed, set);
    }
}

#[test]
fn trimming_a_set_turns_listed_organizations_into_ranges() {
    let mut set: OrgSet = (0..3_000).map(OrgIndex::new).collect();
    assert!(set.footprint() > 6_000, "{}", set.footprint());
    set.shrink_to_fit();
    assert_eq!(set.footprint(), 40 + 4);
    assert!(set.iter().eq((0..3_000).map(OrgIndex::new)));
}

#[test]
fn text_ids_are_marked_by_a_bit() {
    let bytes = |make: fn(usize) -> String| {
        let ids: Vec<String> = (0..800).map(make).collect();
        OrgStructure::build(ids.iter().map(|id| OrgRow::new(id))).unwrap().structure.footprint()
    };
    let (texts, digits) = (bytes(|place| format!("text {place}")), bytes(|place| format!("{place:032}")));
    assert_eq!(texts - digits, 800 / 8);
}

#[test]
fn ancestors_are_few_ranges() {
    for shape in Shape::ALL {
        let tree = build(&measured(shape, 5_000));
        let most = tree.len().ilog2() as usize + 1;
        for org in tree.indices() {
            let ancestors: Vec<u32> = tree.ancestors(org, true).iter().map(OrgIndex::rank).collect();
            let ranges = ancestors.chunk_by(|a, b| a + 1 == *b).count();
            assert!(ranges <= most, "{shape:?}: {ranges} ranges, at most {most} allowed");
        }
    }
}

#[test]
fn a_natural_tree_takes_few_bytes_at_any_size() {
    for shape in Shape::ALL {
        let tree = build(&measured(shape, 5_000));
        for org in tree.indices() {
            let (set, bytes) = kept(|| tree.natural_tree(org).to_set());
            assert!(bytes <= 320, "{shape:?}: {bytes} bytes for {} organizations", set.len());
        }
    }
}

#[test]
fn both_widths_at_the_boundary() {
    // Below `0`: 16 bits number 65,535 organizations in all; one more needs 32.
    for count in [65_534, 65_535] {
        let rows = measured(Shape::Chain, count);
        let tree = build(&rows);
        let top = tree.index_of("0").unwrap();
        let bottom = tree.indices().next_back().unwrap();
        assert_eq!(tree.depth(bottom), Some(count as u32));
        assert_eq!(tree.level(bottom, top), Some(count as u32 + 1));
        assert_eq!(tree.id(bottom).unwrap().as_str(), rows.last().unwrap().id);
        assert_eq!(tree.path_to_root(bottom).count(), count + 1);
        assert_eq!(tree.nearest(bottom, OrgFlags::LEGAL_ENTITY).map(|org| org.rank() % 10), Some(5));
        assert_eq!(tree.nearest(top, OrgFlags::LEGAL_ENTITY), None);
        assert_eq!(OrgStructure::decode(&tree.encode()).unwrap(), tree);
    }
}

#[test]
fn the_largest_narrow_tree_takes_no_extra_bytes() {
    let [smaller, largest, wide] = [65_533, 65_534, 65_535].map(|count| {
        let tree = build(&measured(Shape::Flat, count));
        assert_eq!(tree.len(), count + 1);
        tree.footprint()
    });
    // An id, flags and three indices. Another legal entity adds a step to its nearest table.
    assert!(largest - smaller <= 17 + 3 * 2 + 16, "{smaller}, {largest}");
    assert!(wide - largest > 65_536 * 2 * 3, "{largest}, {wide}");
}

#[test]
fn nearest_tables_take_two_bits_per_organization_and_an_index_per_step() {
    let rows = measured(Shape::Flat, 999);
    let with_entities = |is_entity: fn(usize) -> bool| {
        let mut rows = rows.clone();
        for (place, row) in rows.iter_mut().enumerate() {
            row.flags = if is_entity(place) { OrgFlags::LEGAL_ENTITY } else { OrgFlags::empty() };
        }
        build(&rows)
    };
    let none = with_entities(|_| false).footprint();
    let blocks = 8 * rows.len().div_ceil(32);
    for is_entity in [|place| place == 0, |place| place % 2 == 1, |place| place % 10 == 5, |_| true] {
        let tree = with_entities(is_entity);
        let nearest: Vec<_> = tree.indices().map(|org| tree.nearest(org, OrgFlags::LEGAL_ENTITY)).collect();
        let steps = nearest.chunk_by(|one, next| one == next).count() - usize::from(nearest[0].is_none());
        assert_eq!(tree.footprint() - none, blocks + 2 * steps, "{steps} steps");
    }
}

#[test]
fn rows_are_borrowed() {
    let row = OrgRow::new("0");
    assert_eq!(measure(|| assert_eq!(row.under("x").parent, Some("x"))).count_total, 0);
}
