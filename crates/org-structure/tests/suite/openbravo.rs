//! The answers of Openbravo's class, on its own sample organizations and on the shapes that broke it.

use org_structure::openbravo::{OrganizationStructureProvider, Orgs};
use org_structure::{BuildError, OrgFlags, OrgRow, OrgStructure};
use rstest::rstest;

use crate::shapes::{Shape, build, measured};

const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";
const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
const EAST: &str = "7BABA5FF80494CAFA54DEBD22EC46F01";
const WEST: &str = "BAE22373FEBE4CCCA24517E23F0C8A48";
const SPAIN: &str = "B843C30461EA4501935CB1D125C9C25A";
const SOUTH: &str = "DC206C91AA6A4897B44DA897936E0EC3";
const NORTH: &str = "E443A31992CB4635AFCAEABE7183CE85";
const US_CALENDAR: &str = "2EDC8590A1AA42169A2E1AA22BCD2F6E";

/// The organizations of the client "F&B International Group" that Openbravo ships as sample data.
fn food_and_beverages() -> [OrgRow<'static>; 8] {
    let base = OrgFlags::READY | OrgFlags::ACTIVE;
    let generic = base | OrgFlags::TRANSACTIONS_ALLOWED;
    let legal = generic | OrgFlags::LEGAL_ENTITY | OrgFlags::ACCOUNTING | OrgFlags::PERIOD_CONTROL;
    [
        OrgRow::new("0").with_flags(base),
        OrgRow::new(GROUP).under("0").with_flags(base),
        OrgRow::new(US).under(GROUP).with_flags(legal).with_calendar(US_CALENDAR),
        OrgRow::new(EAST).under(US).with_flags(generic),
        OrgRow::new(WEST).under(US).with_flags(generic),
        OrgRow::new(SPAIN).under(GROUP).with_flags(legal).in_time_zone("Europe/Madrid"),
        OrgRow::new(SOUTH).under(SPAIN).with_flags(generic),
        OrgRow::new(NORTH).under(SPAIN).with_flags(generic),
    ]
}

/// Leaks a test tree to get a static reference.
fn tree_of<'a>(rows: impl IntoIterator<Item = OrgRow<'a>>) -> &'static OrgStructure {
    Box::leak(Box::new(OrgStructure::build(rows).unwrap().structure))
}

fn provider_of<'a>(rows: impl IntoIterator<Item = OrgRow<'a>>) -> OrganizationStructureProvider<'static> {
    OrganizationStructureProvider::new("client", tree_of(rows))
}

fn provider() -> OrganizationStructureProvider<'static> {
    provider_of(food_and_beverages())
}

fn list(orgs: &Orgs<'_>) -> Vec<Option<String>> {
    assert_eq!(orgs.iter().count(), orgs.len());
    assert_eq!(orgs.is_empty(), orgs.iter().next().is_none());
    assert!(orgs.iter().all(|org| orgs.contains(org.as_deref())));
    assert!(!orgs.contains(Some("of no tree, and not asked about")));
    orgs.iter().map(|org| org.map(String::from)).collect()
}

fn known(ids: &[&str]) -> Vec<Option<String>> {
    ids.iter().map(|id| Some((*id).to_owned())).collect()
}

#[rstest]
#[case("0", &["0", GROUP, US, EAST, WEST, SPAIN, SOUTH, NORTH])]
#[case(GROUP, &["0", GROUP, US, EAST, WEST, SPAIN, SOUTH, NORTH])]
#[case(US, &["0", GROUP, US, EAST, WEST])]
#[case(NORTH, &["0", GROUP, SPAIN, NORTH])]
fn natural_tree(#[case] org: &str, #[case] expected: &[&str]) {
    let answer = provider().natural_tree(Some(org));
    assert_eq!(list(&answer), known(expected));
    assert_eq!(answer.known().len(), expected.len());
}

#[rstest]
#[case("0", true, &["0"])]
#[case("0", false, &[])]
#[case(EAST, true, &[EAST, US, GROUP, "0"])]
#[case(EAST, false, &[US, GROUP, "0"])]
fn parent_list_and_tree(#[case] org: &str, #[case] include_org: bool, #[case] expected: &[&str]) {
    let provider = provider();
    let parents = provider.parent_list(Some(org), include_org);
    assert_eq!(parents.iter().map(|id| id.as_deref().unwrap()).collect::<Vec<_>>(), expected);
    let mut top_down = known(expected);
    top_down.reverse();
    assert_eq!(list(&provider.parent_tree(Some(org), include_org)), top_down);
}

#[rstest]
#[case(GROUP, &[US, SPAIN], &[US, EAST, WEST, SPAIN, SOUTH, NORTH])]
#[case(SPAIN, &[SOUTH, NORTH], &[SOUTH, NORTH])]
#[case(EAST, &[], &[])]
fn children(#[case] org: &str, #[case] direct: &[&str], #[case] all: &[&str]) {
    let provider = provider();
    assert_eq!(list(&provider.child_org(Some(org))), known(direct));
    assert_eq!(list(&provider.child_tree(Some(org), false)), known(all));
    assert_eq!(list(&provider.child_tree(Some(org), true)), known(&[&[org], all].concat()));
}

#[test]
fn unknown_organizations_answer_themselves() {
    let provider = provider();
    let long = "x".repeat(1_000);
    for unknown in
        [None, Some(""), Some("unknown"), Some(long.as_str()), Some("357947E87C284935AD1D783CF6F099A1")]
    {
        let itself = vec![unknown.map(str::to_owned)];
        assert_eq!(list(&provider.natural_tree(unknown)), itself);
        assert!(provider.natural_tree(unknown).known().is_empty());
        assert_eq!(list(&provider.parent_tree(unknown, true)), itself);
        assert_eq!(list(&provider.child_tree(unknown, true)), itself);
        assert_eq!(provider.parent_list(unknown, true).len(), 1);
        for nothing in [
            provider.parent_tree(unknown, false),
            provider.child_tree(unknown, false),
            provider.child_org(unknown),
            provider.child_legal_entities(unknown),
        ] {
            assert!(nothing.is_empty());
            assert_eq!(list(&nothing), []);
        }
        assert!(provider.parent_list(unknown, false).is_empty());
        assert_eq!(provider.parent_org(unknown), None);
        assert_eq!(provider.legal_entity(unknown), None);
        assert_eq!(provider.calendar_owner(unknown), None);
        assert_eq!(provider.time_zone(unknown), None);
        assert_eq!(provider.is_org_included(unknown, unknown), None);
        assert!(provider.is_in_natural_tree(unknown, unknown));
        assert!(provider.is_in_natural_tree(unknown, Some("0")));
        assert!(provider.is_in_natural_tree(Some("0"), unknown));
        assert!(!provider.is_in_natural_tree(unknown, Some(GROUP)));
        assert!(!provider.is_in_natural_tree(Some(GROUP), unknown));
    }
    assert!(!provider.is_in_natural_tree(None, Some("")));
    assert_eq!(provider.natural_tree(Some("")).to_quoted_list(), "''");
    assert_eq!(provider.natural_tree(None).to_quoted_list(), "");
}

#[test]
fn nearest_organizations() {
    let mut rows = food_and_beverages();
    rows[3].flags |= OrgFlags::BUSINESS_UNIT;
    let provider = provider_of(rows);
    assert_eq!(provider.legal_entity(Some(EAST)).unwrap(), US);
    assert_eq!(provider.business_unit(Some(EAST)).unwrap(), EAST);
    assert_eq!(provider.legal_entity_or_business_unit(Some(EAST)).unwrap(), EAST);
    assert_eq!(provider.legal_entity_or_business_unit(Some(WEST)).unwrap(), US);
    assert_eq!(provider.period_control_allowed(Some(NORTH)).unwrap(), SPAIN);
    assert_eq!(provider.calendar_owner(Some(WEST)).unwrap(), US);
    assert_eq!(provider.calendar_owner(Some(NORTH)), None);
    assert_eq!(provider.legal_entity(Some(GROUP)), None);
    assert_eq!(provider.time_zone(Some(SPAIN)), Some("Europe/Madrid"));
    assert_eq!(provider.time_zone(Some(NORTH)), None);
    assert_eq!(list(&provider.child_legal_entities(Some(GROUP))), known(&[US, SPAIN]));
    assert_eq!(list(&provider.child_legal_entities(Some(US))), []);
}

#[test]
fn only_active_legal_entities_of_the_client() {
    let mut rows = food_and_beverages();
    rows[2].flags -= OrgFlags::ACTIVE;
    assert_eq!(list(&provider_of(rows).legal_entities()), known(&[SPAIN]));
}

/// The levels of `AD_ISORGINCLUDED` on the sample client, and how often each occurs among all pairs.
#[test]
fn levels_as_the_database_function_counts_them() {
    let provider = provider();
    assert_eq!(provider.is_org_included(Some(EAST), Some(EAST)), Some(1));
    assert_eq!(provider.is_org_included(Some(EAST), Some(US)), Some(2));
    assert_eq!(provider.is_org_included(Some(EAST), Some("0")), Some(4));
    assert_eq!(provider.is_org_included(Some(US), Some(EAST)), None);
    assert_eq!(provider.is_org_included(Some("0"), Some("0")), Some(1));
    assert_eq!(provider.is_org_included(Some("0"), Some(US)), None);
    assert_eq!(provider.is_org_included(Some("0"), None), None);
    let ids = food_and_beverages().map(|row| row.id);
    let mut counts = [0; 5];
    for org in ids {
        for parent in ids {
            counts[provider.is_org_included(Some(org), Some(parent)).unwrap_or(0) as usize] += 1;
        }
    }
    assert_eq!(counts, [64 - 25, 8, 7, 6, 4]);
    assert!(provider.sql_is_in_natural_tree(Some(US), Some(EAST)));
    assert!(!provider.sql_is_in_natural_tree(Some(WEST), Some(EAST)));
    assert!(!provider.sql_is_in_natural_tree(Some("0"), Some("unknown")));
}

#[rstest]
#[case::nearest_above(&[("3", "0"), ("2", GROUP), ("1", SPAIN)], EAST, Some("2"))]
#[case::itself_first(&[("1", US), ("2", EAST)], EAST, Some("2"))]
#[case::smallest_of_equals(&[("b", US), ("a", US)], EAST, Some("a"))]
#[case::above_before_below(&[("1", EAST), ("2", "0")], US, Some("2"))]
#[case::smallest_below(&[("9", US), ("5", EAST), ("7", WEST)], GROUP, Some("5"))]
#[case::never_another_branch(&[("1", SPAIN)], EAST, None)]
#[case::no_records(&[], EAST, None)]
#[case::unknown_owner(&[("1", "unknown")], EAST, None)]
#[case::unknown_org_is_its_own_parent_list(&[("2", "unknown"), ("1", "unknown"), ("0", "0")], "unknown", Some("1"))]
fn closest(#[case] records: &[(&str, &str)], #[case] org: &str, #[case] expected: Option<&str>) {
    assert_eq!(provider().closest(records.iter().copied(), Some(org)), expected);
    assert_eq!(provider().closest(records.iter().copied(), None), None);
}

#[rstest]
#[case::quoted(&format!("'{EAST}','{US}'"), &format!("'{EAST}','{US}'"))]
#[case::not_quoted(&format!("{EAST},{US}"), &format!("'{EAST}','{US}'"))]
#[case::order_and_duplicates(&format!("'{US}','{EAST}','{US}'"), &format!("'{US}','{EAST}','{US}'"))]
#[case::a_blank_hides_an_element(&format!("'{US}', '{EAST}'"), &format!("'{US}'"))]
#[case::zero_allows_none(&format!("'0','{GROUP}','{US}'"), &format!("'{US}'"))]
#[case::unknown("'unknown'", "")]
#[case::empty("", "")]
#[case::commas(",,,", "")]
#[case::one_quote("'", "")]
#[case::not_ascii("'é", "")]
#[case::half_of_a_surrogate_pair_is_dropped(&format!("'{US}🌳"), "")]
fn transaction_allowed(#[case] orgs: &str, #[case] expected: &str) {
    assert_eq!(provider().transaction_allowed_orgs(orgs), expected);
}

/// Defect 1: endless walks. Here such rows build no tree.
#[test]
fn defect_1_cycles_and_self_parents_are_refused() {
    let cycle = OrgStructure::build([OrgRow::new("a").under("b"), OrgRow::new("b").under("a")]);
    assert!(matches!(cycle.unwrap_err(), BuildError::Cycle(_)));
    let own_parent = OrgStructure::build([OrgRow::new("0").under("0")]);
    assert!(matches!(own_parent.unwrap_err(), BuildError::SelfParent { .. }));
}

/// Defect 2: a dangling parent was returned as a parent, and only from below.
#[test]
fn defect_2_a_dangling_parent_is_no_ancestor() {
    let provider =
        provider_of([OrgRow::new("0"), OrgRow::new("a").under("gone"), OrgRow::new("b").under("a")]);
    assert_eq!(provider.parent_org(Some("a")), None);
    assert_eq!(provider.natural_tree(Some("b")).to_quoted_list(), "'a','b'");
    assert_eq!(provider.parent_list(Some("b"), true).len(), 2);
    assert!(!provider.is_in_natural_tree(Some("b"), Some("gone")));
    assert!(!provider.is_in_natural_tree(Some("gone"), Some("b")));
}

/// Several roots: the branch of the other root lacks `0`, but `0` passes the test by its own rule.
#[test]
fn several_roots() {
    let provider = provider_of([
        OrgRow::new("0"),
        OrgRow::new("a").under("0"),
        OrgRow::new("top"),
        OrgRow::new("x").under("top"),
    ]);
    assert_eq!(provider.natural_tree(Some("x")).to_quoted_list(), "'top','x'");
    assert_eq!(provider.natural_tree(Some("0")).to_quoted_list(), "'0','a'");
    assert!(provider.is_in_natural_tree(Some("x"), Some("0")));
}

/// Defects 4 and 5: recursion over the depth, and child trees in exponential time.
#[test]
fn defects_4_and_5_depth_costs_nothing() {
    let tree = build(&measured(Shape::Chain, 60_000));
    let [top, bottom] = [1, 60_000].map(crate::shapes::hex_id);
    let provider = OrganizationStructureProvider::new("client", &tree);
    assert_eq!(provider.child_tree(Some(&top), false).len(), 59_999);
    assert_eq!(provider.natural_tree(Some(&bottom)).len(), 60_001);
    assert_eq!(provider.parent_list(Some(&bottom), true).len(), 60_001);
    assert!(provider.is_in_natural_tree(Some(&top), Some(&bottom)));
}

/// Defects 6, 10, 11 and 12: reading changes nothing. A tree has no mutable state.
#[test]
fn defects_6_10_11_12_reading_changes_nothing() {
    fn shared_freely<T: Send + Sync + std::panic::RefUnwindSafe>() {}
    shared_freely::<OrgStructure>();

    let provider = provider();
    let (footprint, bytes) = (provider.structure().footprint(), provider.structure().encode());
    for row in food_and_beverages() {
        assert!(!provider.natural_tree(Some(row.id)).to_quoted_list().is_empty());
        assert!(provider.child_org(Some("unknown")).is_empty());
    }
    assert_eq!(provider.structure().footprint(), footprint);
    assert_eq!(provider.structure().encode(), bytes);
}

/// Defect 7: organizations that left the tree stayed, and another client got the old client's tree.
#[test]
fn defect_7_a_new_tree_replaces_the_old_one_as_a_whole() {
    let mut provider =
        provider_of([OrgRow::new("0"), OrgRow::new("a").under("0"), OrgRow::new("b").under("a")]);
    let held = provider;
    provider.re_initialize(tree_of([OrgRow::new("0"), OrgRow::new("a").under("0")]));
    assert_eq!(provider.parent_org(Some("b")), None);
    assert_eq!(provider.client_id(), "client");
    assert_eq!(held.parent_org(Some("b")).unwrap(), "a");

    provider.set_client("other", tree_of([OrgRow::new("0"), OrgRow::new("z").under("0")]));
    assert_eq!(provider.client_id(), "other");
    assert_eq!(provider.natural_tree(Some("0")).to_quoted_list(), "'0','z'");
}

/// Defect 9: lists with blanks, `0` beside `'0'`, the empty id.
#[test]
fn defect_9_lists_are_parsed_element_by_element() {
    let provider = provider();
    assert_eq!(provider.transaction_allowed_orgs(&format!("'0', '{EAST}'")), "");
    assert!(provider.is_in_natural_tree(Some("0"), Some(EAST)));
    assert!(!provider.is_in_natural_tree(Some("'0'"), Some(EAST)));
    assert!(!provider.is_in_natural_tree(Some(""), Some(EAST)));
    // A quote within an id cannot end the surrounding text.
    let tree = OrgStructure::build([OrgRow::new("x') or ('1'='1")]).unwrap().structure;
    assert_eq!(tree.quoted_list(tree.all()), "'x'') or (''1''=''1'");
    assert_eq!(tree.sql_ids(tree.all()), ["x') or ('1'='1"]);
}

/// Defect 13: the database functions require readiness, the cache does not. Both rules are kept.
#[test]
fn defect_13_only_the_database_functions_check_readiness() {
    let mut rows = food_and_beverages();
    rows[2].flags -= OrgFlags::READY;
    let provider = provider_of(rows);
    assert!(provider.is_in_natural_tree(Some(EAST), Some(US)));
    assert_eq!(provider.legal_entity(Some(EAST)).unwrap(), US);
    assert_eq!(provider.is_org_included(Some(EAST), Some(EAST)), Some(1));
    assert_eq!(provider.is_org_included(Some(EAST), Some(US)), None);
    assert_eq!(provider.is_org_included(Some(EAST), Some("0")), None);
    assert_eq!(provider.is_org_included(Some(US), Some(US)), None);
    assert!(!provider.sql_is_in_natural_tree(Some(EAST), Some(US)));
    assert_eq!(provider.transaction_allowed_orgs(US), "");
}
