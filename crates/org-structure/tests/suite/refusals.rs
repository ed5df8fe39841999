//! Rows that cannot form a tree, and rows that form one with findings.

use org_structure::{BuildError, Finding, InvalidId, OrgId, OrgRow, OrgStructure};

fn error<'a>(rows: impl IntoIterator<Item = OrgRow<'a>>) -> BuildError {
    OrgStructure::build(rows).unwrap_err()
}

fn findings<'a>(rows: impl IntoIterator<Item = OrgRow<'a>>) -> Vec<Finding> {
    OrgStructure::build(rows).unwrap().findings
}

fn id(text: &str) -> OrgId {
    OrgId::new(text).unwrap()
}

#[test]
fn a_cycle_error_names_exactly_its_organizations() {
    let rows = [
        OrgRow::new("0"),
        OrgRow::new("c").under("b"),
        OrgRow::new("a").under("c"),
        OrgRow::new("b").under("a"),
        OrgRow::new("below").under("c"),
        OrgRow::new("further below").under("below"),
    ];
    // In any order of rows.
    for turn in 0..rows.len() {
        let mut rows = rows;
        rows.rotate_left(turn);
        let BuildError::Cycle(cycle) = error(rows) else { panic!("a cycle") };
        assert_eq!(cycle.organizations(), [id("a"), id("c"), id("b")]);
        assert_eq!(
            cycle.to_string(),
            "organizations are each other's ancestors, each one's parent being the next: `a`, `c`, `b`"
        );
    }
}

#[test]
fn the_cycle_with_the_smallest_id_is_reported() {
    let rows = ["d", "c", "b", "a"].map(OrgRow::new);
    let [d, c, b, a] = rows;
    let BuildError::Cycle(cycle) = error([d.under("a"), c.under("b"), b.under("c"), a.under("d")]) else {
        panic!("a cycle")
    };
    assert_eq!(cycle.organizations(), [id("a"), id("d")]);
}

#[test]
fn a_long_cycle_has_a_short_message() {
    for (count, end) in [
        (100_000, "`000008`, `000009` and 99990 more"),
        (11, "`000008`, `000009` and 1 more"),
        (10, "`000008`, `000009`"),
        (9, "`000007`, `000008`"),
    ] {
        let ids: Vec<String> = (0..count).map(|place| format!("{place:06}")).collect();
        let rows = (0..count).map(|place| OrgRow::new(&ids[place]).under(&ids[(place + 1) % count]));
        let BuildError::Cycle(cycle) = error(rows) else { panic!("a cycle") };
        assert_eq!(cycle.organizations().len(), count);
        assert!(cycle.to_string().ends_with(end), "{cycle}");
    }
}

#[test]
fn other_faults_name_the_id() {
    let own_parent = error([OrgRow::new("0"), OrgRow::new("b").under("b"), OrgRow::new("a").under("a")]);
    assert_eq!(own_parent, BuildError::SelfParent { id: id("a") });
    assert_eq!(own_parent.to_string(), "organization `a` is its own parent");

    let twice = ["b", "a", "0", "a", "b"].map(OrgRow::new);
    assert_eq!(error(twice), BuildError::Duplicate { id: id("a") });
    let packed = "0123456789ABCDEF0123456789ABCDEF";
    assert_eq!(error([packed, packed].map(OrgRow::new)), BuildError::Duplicate { id: id(packed) });

    assert_eq!(
        error([OrgRow::new("0"), OrgRow::new("")]),
        BuildError::Id(InvalidId::Empty { kind: "organization" })
    );
    let long = "x".repeat(33);
    let over_long = error([OrgRow::new(&long)]);
    assert_eq!(
        over_long.to_string(),
        format!("organization id `{long}` has 33 bytes; at most 32 are allowed")
    );
}

#[test]
fn too_many_organizations() {
    let ids: Vec<String> = (0..5).map(|place| place.to_string()).collect();
    let rows = || ids.iter().map(|id| OrgRow::new(id));
    assert!(OrgStructure::build_at_most(5, rows()).is_ok());
    let error = OrgStructure::build_at_most(4, rows()).unwrap_err();
    assert_eq!(error, BuildError::TooMany { limit: 4 });
    assert_eq!(error.to_string(), "more than 4 organizations; a tree may have at most 4");
    // Rows past the limit are not read.
    let endless = std::iter::repeat(OrgRow::new("0"));
    assert_eq!(
        OrgStructure::build_at_most(1_000, endless).unwrap_err(),
        BuildError::TooMany { limit: 1_000 }
    );
}

#[test]
fn findings_are_typed_and_in_a_fixed_order() {
    let long = "y".repeat(1_000);
    let rows = [
        OrgRow::new("b").under("gone"),
        OrgRow::new("c").under("b"),
        OrgRow::new("a").under(&long),
        OrgRow::new("d").under(""),
    ];
    let found = findings(rows);
    let cut = format!("{}…", &long[..64]);
    let dangling = |org: &str, parent: &str| Finding::DanglingParent { org: id(org), parent: parent.into() };
    assert_eq!(
        found,
        [
            dangling("a", &cut),
            dangling("b", "gone"),
            dangling("d", ""),
            Finding::SeveralRoots { roots: vec![id("b"), id("a"), id("d")] },
            Finding::NoOrganizationZero,
        ]
    );
    assert_eq!(
        found[1].to_string(),
        "parent `gone` of organization `b` is not in the tree; `b` is a root here"
    );
    assert_eq!(found[3].to_string(), "the tree has 3 roots: `b`, `a`, `d`");
    assert_eq!(findings([]), []);
    assert_eq!(OrgStructure::build([]).unwrap().structure, OrgStructure::default());
    assert_eq!(findings([OrgRow::new("0")]), []);
}
