//! The rule of readable and writable organizations, against a naive oracle and under permutation of rows.

use std::collections::BTreeSet;

use org_structure::{OrgId, OrgRow, OrgStructure};
use proptest::prelude::*;
use session::openbravo::{
    AccessOptions, AccessedOrganization, AutomaticRoles, ClientOrganization, OrgAccess, RoleFacts,
    user_org_context,
};
use session::{ClientId, RoleAccess, UserLevel};

use crate::erp::{client, org, role};

/// A tree as a list of parents, and a role.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    parents: Vec<Option<usize>>,
    rows: Vec<(usize, bool, bool)>,
    org_active: Vec<bool>,
    level: &'static str,
    manual: bool,
    automatic: AutomaticRoles,
    additional: Vec<usize>,
    inactive_access: Vec<usize>,
    inactive_orgs: Vec<usize>,
}

/// Organization 0 is `0`. The last three are not in the tree, and the very last one belongs to another
/// client.
fn id(place: usize) -> OrgId {
    org(&if place == 0 { "0".to_owned() } else { format!("{:032X}", place * 7_919 % 1_009) })
}

impl Case {
    /// A role that works in the only organization below `0`.
    pub(crate) fn simple() -> Self {
        Case {
            parents: vec![None, Some(0)],
            rows: vec![(1, true, true)],
            org_active: vec![true; 5],
            level: "  O",
            manual: true,
            automatic: AutomaticRoles::OfClient,
            additional: vec![],
            inactive_access: vec![],
            inactive_orgs: vec![],
        }
    }

    fn orgs(&self) -> usize {
        self.parents.len() + 3
    }

    fn owner(&self, place: usize) -> ClientId {
        match place {
            0 => ClientId::ZERO,
            _ if place == self.orgs() - 1 => client("D"),
            _ => client("C"),
        }
    }

    pub(crate) fn tree(&self) -> OrgStructure {
        let ids: Vec<OrgId> = (0..self.parents.len()).map(id).collect();
        let rows = self.parents.iter().zip(&ids).map(|(parent, id)| OrgRow {
            parent: parent.map(|parent| ids[parent].as_str()),
            ..OrgRow::new(id.as_str())
        });
        OrgStructure::build(rows).unwrap().structure
    }

    pub(crate) fn facts(&self) -> RoleFacts {
        let organization =
            |place: usize| AccessedOrganization { client: self.owner(place), active: self.org_active[place] };
        RoleFacts {
            id: role("R"),
            client: client("C"),
            level: UserLevel::new(self.level).unwrap(),
            manual: self.manual,
            active: true,
            accesses: self
                .rows
                .iter()
                .map(|&(place, active, exists)| OrgAccess {
                    org: id(place),
                    client: self.owner(place),
                    active,
                    organization: exists.then(|| organization(place)),
                })
                .collect(),
            organizations: (0..self.orgs())
                .map(|place| ClientOrganization {
                    id: id(place),
                    client: self.owner(place),
                    active: self.org_active[place],
                })
                .collect(),
        }
    }

    pub(crate) fn access(&self, facts: &RoleFacts) -> RoleAccess {
        self.with_options(|options| facts.access(&self.tree(), options))
    }

    fn with_options<T>(&self, compute: impl FnOnce(&AccessOptions<'_>) -> T) -> T {
        let ids = |places: &[usize]| places.iter().map(|&place| id(place)).collect::<Vec<_>>();
        let (additional, access, orgs) =
            (ids(&self.additional), ids(&self.inactive_access), ids(&self.inactive_orgs));
        let options = AccessOptions {
            automatic_roles: self.automatic,
            additional_writable: &additional,
            current_client: None,
            inactive_access: &access,
            inactive_orgs: &orgs,
        };
        compute(&options)
    }

    fn natural_tree(&self, place: usize) -> BTreeSet<usize> {
        let up = |place: usize| std::iter::successors(Some(place), |&place| *self.parents.get(place)?);
        (0..self.orgs())
            .filter(|&other| up(other).any(|above| above == place) || up(place).any(|above| above == other))
            .collect()
    }

    /// Where the role works: the text of the rule, with places for ids.
    fn active_list(&self) -> BTreeSet<usize> {
        let row_active =
            |&(place, active, _): &(usize, bool, bool)| active && !self.inactive_access.contains(&place);
        let is_active = |place: usize| self.org_active[place] && !self.inactive_orgs.contains(&place);
        let mut list: BTreeSet<usize> = BTreeSet::new();
        for row in &self.rows {
            if row_active(row) && row.2 && is_active(row.0) {
                list.insert(row.0);
            }
        }
        if !self.manual && self.automatic == AutomaticRoles::OfClient {
            let denied = |place: usize| self.rows.iter().any(|row| row.0 == place && !row_active(row));
            for place in 1..self.orgs() - 1 {
                if [" CO", "  O"].contains(&self.level) && is_active(place) && !denied(place) {
                    list.insert(place);
                }
            }
            if ["S", " C", " CO"].contains(&self.level) && !denied(0) {
                list.insert(0);
            }
        }
        list.extend(&self.additional);
        list
    }

    /// What is readable, and what is writable: the text of the rule, with places for ids.
    fn oracle(&self) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let list = self.active_list();
        let mut writable: BTreeSet<usize> = BTreeSet::new();
        if self.level.contains('S') || self.level.contains('C') {
            writable.insert(0);
        }
        writable.extend(&list);
        if self.level.trim() == "O" {
            writable.remove(&0);
        }
        writable.extend(&self.additional);

        let mut readable: BTreeSet<usize> = if list.contains(&0) {
            (1..self.orgs() - 1).collect()
        } else {
            list.iter().flat_map(|&place| self.natural_tree(place)).collect()
        };
        readable.insert(0);
        (readable, writable)
    }
}

pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    (1..20_usize)
        .prop_flat_map(|orgs| {
            let parents = (0..orgs).map(|place| match place {
                0 => Just(None).boxed(),
                _ => proptest::option::weighted(0.9, 0..place).boxed(),
            });
            let all = orgs + 3;
            let flags = proptest::bool::weighted;
            let rows = proptest::collection::btree_map(0..all, (flags(0.8), flags(0.9)), 0..6);
            let rows =
                rows.prop_map(|rows| rows.into_iter().map(|(p, (a, e))| (p, a, e)).collect::<Vec<_>>());
            let some = || proptest::collection::vec(0..all, 0..3);
            let none_or_some = || prop_oneof![3 => Just(Vec::new()), 1 => some()];
            (
                parents.collect::<Vec<_>>(),
                rows.prop_shuffle(),
                proptest::collection::vec(flags(0.8), all),
                proptest::sample::select(vec!["S", " C", " CO", "  O", "", "odd"]),
                any::<bool>(),
                proptest::sample::select(vec![AutomaticRoles::OfClient, AutomaticRoles::ByRows]),
                none_or_some(),
                none_or_some(),
                none_or_some(),
            )
        })
        .prop_map(
            |(
                parents,
                rows,
                org_active,
                level,
                manual,
                automatic,
                additional,
                inactive_access,
                inactive_orgs,
            )| Case {
                parents,
                rows,
                org_active,
                level,
                manual,
                automatic,
                additional,
                inactive_access,
                inactive_orgs,
            },
        )
}

proptest! {
    #[test]
    fn access_equals_the_oracles(case in any_case()) {
        let (readable, writable) = case.oracle();
        let tree = case.tree();
        let access = case.access(&case.facts());
        for place in 0..case.orgs() {
            let id = id(place);
            prop_assert_eq!(access.readable().contains(&tree, id.as_str()), readable.contains(&place), "{}", place);
            prop_assert_eq!(access.writable().contains(&tree, id.as_str()), writable.contains(&place), "{}", place);
        }
        prop_assert_eq!(access.readable().len(), readable.len());
        prop_assert_eq!(access.writable().len(), writable.len());
        prop_assert_eq!(access.readable().ids(&tree).count(), readable.len());
        prop_assert_eq!(access.is_read_only(), writable.is_empty());
        let works_in: BTreeSet<OrgId> = case.active_list().into_iter().map(id).collect();
        prop_assert_eq!(case.with_options(|options| case.facts().active_list(options)), works_in);
    }

    #[test]
    fn the_order_of_rows_has_no_influence(case in any_case(), seed in any::<u64>()) {
        let facts = case.facts();
        let mut shuffled = facts.clone();
        let turn = |len: usize| (seed as usize).checked_rem(len).unwrap_or_default();
        shuffled.accesses.reverse();
        let len = shuffled.accesses.len();
        shuffled.accesses.rotate_left(turn(len));
        shuffled.organizations.rotate_right(turn(case.orgs()));
        let (one, other) = (case.access(&facts), case.access(&shuffled));
        let fingerprint = case.tree().fingerprint();
        prop_assert_eq!(one.encode(fingerprint), other.encode(fingerprint));
        prop_assert_eq!(one, other);
        prop_assert_eq!(user_org_context(&facts), user_org_context(&shuffled));
    }
}

/// Access to a parent and one of its children makes the sibling readable, in either order of the rows.
#[test]
fn a_parent_and_one_child_make_the_sibling_readable() {
    for rows in [vec![(1, true, true), (2, true, true)], vec![(2, true, true), (1, true, true)]] {
        let case = Case {
            parents: vec![None, Some(0), Some(1), Some(1), Some(0)],
            rows,
            org_active: vec![true; 8],
            ..Case::simple()
        };
        let tree = case.tree();
        let access = case.access(&case.facts());
        let readable: BTreeSet<OrgId> = access.readable().ids(&tree).collect();
        assert_eq!(readable, (0..4).map(id).collect());
        let writable: BTreeSet<OrgId> = access.writable().ids(&tree).collect();
        assert_eq!(writable, [1, 2].map(id).into());
    }
}

#[test]
fn the_current_client_may_differ_from_the_roles() {
    let case = Case {
        parents: vec![None, Some(0)],
        rows: vec![(0, true, true)],
        org_active: vec![true, true, false, true, true],
        level: " CO",
        manual: true,
        automatic: AutomaticRoles::OfClient,
        additional: vec![],
        inactive_access: vec![],
        inactive_orgs: vec![],
    };
    let tree = case.tree();
    let facts = case.facts();
    assert_eq!(facts.needs_organizations_of(client("D")), [client("D")].into());
    let mut automatic = RoleFacts { manual: false, accesses: vec![], ..facts.clone() };
    assert_eq!(automatic.needs_organizations_of(client("D")), ["C", "D"].map(client).into());
    automatic.manual = true;
    assert_eq!(automatic.needs_organizations_of(client("D")), BTreeSet::new());
    let options = AccessOptions { current_client: Some(client("D")), ..AccessOptions::default() };
    let readable: Vec<OrgId> = facts.access(&tree, &options).readable().ids(&tree).collect();
    assert_eq!(readable, [id(0), id(4)]);
    let own: Vec<OrgId> = facts.access(&tree, &AccessOptions::default()).readable().ids(&tree).collect();
    assert_eq!(own, [id(0), id(1), id(3), id(2)], "inactive ones too, then those outside the tree");
}

#[test]
fn an_automatic_role_has_each_organization_once() {
    let case = Case {
        parents: vec![None, Some(0), Some(0), Some(0)],
        rows: vec![(1, true, true), (2, false, true)],
        org_active: vec![true; 7],
        level: " CO",
        manual: false,
        automatic: AutomaticRoles::OfClient,
        additional: vec![],
        inactive_access: vec![],
        inactive_orgs: vec![],
    };
    let access = case.access(&case.facts());
    let granted: BTreeSet<OrgId> = access.granted_orgs(&case.tree()).into_iter().collect();
    assert_eq!(granted, [0, 1, 3, 4, 5].map(id).into(), "2 is denied by its row, 6 is another client's");
    assert_eq!(access.granted_orgs(&case.tree()).len(), 5);
}

#[test]
fn organizations_of_another_client_are_removed_from_a_role() {
    let row = |id: &str, owner: Option<&str>| OrgAccess {
        org: org(id),
        client: client("C"),
        active: true,
        organization: owner.map(|owner| AccessedOrganization { client: client(owner), active: true }),
    };
    let kept = [row("A", Some("C")), row("0", Some("0")), row("gone", None)];
    let mut facts = RoleFacts {
        id: role("R"),
        client: client("C"),
        level: UserLevel::new("  O").unwrap(),
        manual: true,
        active: true,
        accesses: [[row("Y", Some("D"))].as_slice(), &kept, &[row("X", Some("D"))]].concat(),
        organizations: vec![],
    };
    assert_eq!(facts.remove_other_clients(), ["X", "Y"].map(org));
    assert_eq!(facts.accesses, kept);
    assert!(facts.remove_other_clients().is_empty());
}

#[test]
fn user_org_as_openbravo_returns_it() {
    let text = |level: &str, orgs: &[&str]| {
        let rows = orgs.iter().map(|id| OrgAccess {
            org: org(id),
            client: if *id == "0" { ClientId::ZERO } else { client("C") },
            active: !id.starts_with('-'),
            organization: None,
        });
        let facts = RoleFacts {
            id: role("R"),
            client: client("C"),
            level: UserLevel::new(level).unwrap(),
            manual: true,
            active: true,
            accesses: rows.collect(),
            organizations: vec![],
        };
        let tree = OrgStructure::build([]).unwrap().structure;
        let own = facts.access(&tree, &AccessOptions::default()).user_org_as_read(&tree);
        (user_org_context(&facts), own)
    };
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(text(" CO", &["0"]), ("'0','0'".into(), "'0'".into()));
    assert_eq!(text(" CO", &["B", "A", "-X"]), same("'0','A','B'"));
    assert_eq!(text(" CO", &["B", "A", "0"]), same("'0','A','B'"));
    assert_eq!(text(" CO", &[]), same("'0'"));
    assert_eq!(text("  O", &["B", "A", "0"]), same("'A','B'"));
    assert_eq!(text("  O", &["0"]), same(""));
    assert_eq!(text("S", &["A"]), same("'0'"));
    assert_eq!(text(" C", &["A"]), same("'0'"));
}
