//! Questions about the sample clients, with the answers that Openbravo's rules give.

use serde_json::{Value, json};

pub(crate) const FOOD: &str = "23C59575B9CF467C9620760EB255B389";
pub(crate) const QA: &str = "4028E6C72959682B01295A070852010D";
const SYSTEM: &str = "0";

const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";
pub(crate) const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
pub(crate) const EAST: &str = "7BABA5FF80494CAFA54DEBD22EC46F01";
const WEST: &str = "BAE22373FEBE4CCCA24517E23F0C8A48";
const ES: &str = "B843C30461EA4501935CB1D125C9C25A";
const SOUTH: &str = "DC206C91AA6A4897B44DA897936E0EC3";
const NORTH: &str = "E443A31992CB4635AFCAEABE7183CE85";
const MAIN: &str = "43D590B4814049C6B85C6545E8264E37";
const SPAIN: &str = "357947E87C284935AD1D783CF6F099A1";
const USA: &str = "5EFF95EB540740A3B10510D9814EFAD5";
const US_CALENDAR: &str = "2EDC8590A1AA42169A2E1AA22BCD2F6E";
const QA_CALENDAR: &str = "F827204279974213BD0D91164A648C49";

const ALL: [&str; 8] = ["0", GROUP, US, EAST, WEST, ES, SOUTH, NORTH];

const GROUP_ADMIN: &str = "42D0EEB1C66F497A90DD526DC597E6F0";
const US_ADMIN: &str = "E669860946664B24BD1AE1ACDF2F5FC3";
const NORTH_USER: &str = "F77D70601AD549B19DE47965F6D48D12";
const SOUTH_USER: &str = "1CAE17A7848D4F0BAAF21FEB17045B88";
const QA_ADMIN: &str = "4028E6C72959682B01295A071429011E";
const QA_SALES: &str = "FA057013C10148828D2430F66F42EF1A";

/// (client, call, arguments, answer)
pub(crate) type Question = (Option<&'static str>, &'static str, Value, Value);

/// Every call, on the unchanged sample rows.
pub(crate) fn every_call() -> Vec<Question> {
    let food = |call, args, result| (Some(FOOD), call, args, result);
    let qa = |call, args, result| (Some(QA), call, args, result);
    let system = |call, args, result| (Some(SYSTEM), call, args, result);
    let any = |call, args, result| (None, call, args, result);
    let nothing = Value::Null;
    vec![
        // Sets are in tree order: heaviest child first, ties by id.
        food("natural_tree", json!({"org": US}), json!(["0", GROUP, US, EAST, WEST])),
        food("natural_tree", json!({"org": NORTH}), json!(["0", GROUP, ES, NORTH])),
        food("natural_tree", json!({"org": "0"}), json!(["0", GROUP, US, EAST, WEST, ES, SOUTH, NORTH])),
        qa("natural_tree", json!({"org": SPAIN}), json!(["0", MAIN, SPAIN])),
        // Unknown organizations, those of another client, null and the empty id are their own natural tree.
        food("natural_tree", json!({"org": SPAIN}), json!([SPAIN])),
        food("natural_tree", json!({"org": "unknown"}), json!(["unknown"])),
        food("natural_tree", json!({"org": null}), json!([null])),
        food("natural_tree", json!({"org": ""}), json!([""])),
        food("natural_tree", json!({"org": US.to_lowercase()}), json!([US.to_lowercase()])),
        // The sample has no organization tree for the client System, not even one with `0`.
        system("natural_tree", json!({"org": "0"}), json!(["0"])),
        system("child_tree", json!({"org": "0", "include_org": false}), json!([])),
        food("referenceable_orgs", json!({"org": EAST}), json!(["0", GROUP, US, EAST])),
        food("is_in_natural_tree", json!({"org1": US, "org2": EAST}), json!(true)),
        food("is_in_natural_tree", json!({"org1": EAST, "org2": US}), json!(true)),
        food("is_in_natural_tree", json!({"org1": EAST, "org2": WEST}), json!(false)),
        food("is_in_natural_tree", json!({"org1": "0", "org2": "unknown"}), json!(true)),
        food("is_in_natural_tree", json!({"org1": SPAIN, "org2": "0"}), json!(true)),
        food("is_in_natural_tree", json!({"org1": "unknown", "org2": "unknown"}), json!(true)),
        food("is_in_natural_tree", json!({"org1": null, "org2": null}), json!(true)),
        food("is_in_natural_tree", json!({"org1": null, "org2": US}), json!(false)),
        food("is_in_natural_tree", json!({"org1": null, "org2": ""}), json!(false)),
        // The call uses the tree of the client that owns the referring organization.
        food("may_reference", json!({"org": US, "referenced_org": EAST}), json!(true)),
        food("may_reference", json!({"org": EAST, "referenced_org": ES}), json!(false)),
        qa("may_reference", json!({"org": US, "referenced_org": EAST}), json!(true)),
        qa("may_reference", json!({"org": US, "referenced_org": SPAIN}), json!(false)),
        qa("may_reference", json!({"org": "0", "referenced_org": US}), json!(true)),
        qa("may_reference", json!({"org": null, "referenced_org": US}), json!(false)),
        food("parent_org", json!({"org": EAST}), json!(US)),
        food("parent_org", json!({"org": GROUP}), json!("0")),
        food("parent_org", json!({"org": "0"}), nothing.clone()),
        food("parent_org", json!({"org": "unknown"}), nothing.clone()),
        food("parent_list", json!({"org": EAST, "include_org": true}), json!([EAST, US, GROUP, "0"])),
        food("parent_list", json!({"org": EAST, "include_org": false}), json!([US, GROUP, "0"])),
        food("parent_list", json!({"org": "0", "include_org": true}), json!(["0"])),
        food("parent_list", json!({"org": "0", "include_org": false}), json!([])),
        food("parent_list", json!({"org": null, "include_org": true}), json!([null])),
        food("parent_list", json!({"org": "unknown", "include_org": false}), json!([])),
        food("parent_tree", json!({"org": EAST, "include_org": true}), json!(["0", GROUP, US, EAST])),
        food("parent_tree", json!({"org": EAST, "include_org": false}), json!(["0", GROUP, US])),
        food("child_org", json!({"org": GROUP}), json!([US, ES])),
        food("child_org", json!({"org": EAST}), json!([])),
        food("child_org", json!({"org": "unknown"}), json!([])),
        food("child_tree", json!({"org": ES, "include_org": true}), json!([ES, SOUTH, NORTH])),
        food("child_tree", json!({"org": ES, "include_org": false}), json!([SOUTH, NORTH])),
        food("child_tree", json!({"org": "unknown", "include_org": true}), json!(["unknown"])),
        food("child_tree", json!({"org": "unknown", "include_org": false}), json!([])),
        food("legal_entity", json!({"org": EAST}), json!(US)),
        food("legal_entity", json!({"org": US}), json!(US)),
        food("legal_entity", json!({"org": GROUP}), nothing.clone()),
        food("legal_entity_or_business_unit", json!({"org": NORTH}), json!(ES)),
        food("business_unit", json!({"org": NORTH}), nothing.clone()),
        food("period_control_org", json!({"org": WEST}), json!(US)),
        food("period_control_org", json!({"org": "0"}), nothing.clone()),
        food("calendar_owner", json!({"org": SOUTH}), json!(ES)),
        food("child_legal_entities", json!({"org": "0"}), json!([US, ES])),
        food("child_legal_entities", json!({"org": US}), json!([])),
        any("legal_entities_of_client", json!({"client": FOOD}), json!([US, ES])),
        any("legal_entities_of_client", json!({"client": QA}), json!([SPAIN, USA])),
        any("legal_entities_of_client", json!({"client": "unknown"}), json!([])),
        any("legal_entities_of_client", json!({"client": null}), json!([])),
        food("transaction_allowed_orgs", json!({"orgs": ""}), json!("")),
        food(
            "transaction_allowed_orgs",
            json!({"orgs": format!("'0','{EAST}',{US}, '{WEST}','{EAST}'")}),
            json!(format!("'{EAST}','{US}','{EAST}'")),
        ),
        food(
            "closest",
            json!({"records": [{"id": "b", "org": US}, {"id": "a", "org": "0"}, {"id": "c", "org": null}], "org": EAST}),
            json!("b"),
        ),
        food(
            "closest",
            json!({"records": [{"id": "b", "org": WEST}, {"id": "a", "org": EAST}], "org": US}),
            json!("a"),
        ),
        food("closest", json!({"records": [{"id": "a", "org": ES}], "org": EAST}), nothing.clone()),
        food("closest", json!({"records": [{"id": "a", "org": US}], "org": null}), nothing.clone()),
        food("closest", json!({"records": [], "org": EAST}), nothing.clone()),
        any("is_org_included", json!({"org": EAST, "parent": EAST, "client": FOOD}), json!(1)),
        any("is_org_included", json!({"org": EAST, "parent": US, "client": FOOD}), json!(2)),
        any("is_org_included", json!({"org": EAST, "parent": "0", "client": FOOD}), json!(4)),
        any("is_org_included", json!({"org": US, "parent": EAST, "client": FOOD}), json!(-1)),
        any("is_org_included", json!({"org": EAST, "parent": US, "client": QA}), json!(-1)),
        any("is_org_included", json!({"org": "0", "parent": "0", "client": QA}), json!(1)),
        any("is_org_included", json!({"org": "0", "parent": "0", "client": SYSTEM}), json!(1)),
        any("is_org_included", json!({"org": "0", "parent": "0", "client": "unknown"}), json!(-1)),
        any("is_org_included", json!({"org": "0", "parent": "0", "client": null}), json!(-1)),
        any("is_org_included", json!({"org": "0", "parent": US, "client": FOOD}), json!(-1)),
        any("is_org_included", json!({"org": null, "parent": US, "client": FOOD}), json!(-1)),
        food("is_org_included", json!({"org": SPAIN, "parent": MAIN, "client": QA}), json!(2)),
        any("sql_is_in_natural_tree", json!({"org_a": EAST, "org_b": US, "client": FOOD}), json!("Y")),
        any("sql_is_in_natural_tree", json!({"org_a": US, "org_b": EAST, "client": FOOD}), json!("Y")),
        any("sql_is_in_natural_tree", json!({"org_a": "0", "org_b": EAST, "client": FOOD}), json!("Y")),
        any("sql_is_in_natural_tree", json!({"org_a": "0", "org_b": "unknown", "client": FOOD}), json!("N")),
        any("sql_is_in_natural_tree", json!({"org_a": EAST, "org_b": WEST, "client": FOOD}), json!("N")),
        any("sql_is_in_natural_tree", json!({"org_a": EAST, "org_b": EAST, "client": null}), json!("N")),
        food(
            "persisted_org_info",
            json!({"org": EAST}),
            json!({"legal_entity": US, "business_unit": null, "period_control_allowed": US, "calendar_owner": US,
                   "inherited_calendar": US_CALENDAR}),
        ),
        qa(
            "persisted_org_info",
            json!({"org": USA}),
            json!({"legal_entity": USA, "business_unit": null, "period_control_allowed": USA, "calendar_owner": USA,
                   "inherited_calendar": QA_CALENDAR}),
        ),
        food(
            "persisted_org_info",
            json!({"org": "unknown"}),
            json!({"legal_entity": null, "business_unit": null, "period_control_allowed": null,
                   "calendar_owner": null, "inherited_calendar": null}),
        ),
        food("sql_legal_entity", json!({"org": EAST}), json!(US)),
        food("sql_legal_entity", json!({"org": null}), nothing.clone()),
        food("sql_business_unit", json!({"org": EAST}), nothing.clone()),
        food("sql_legal_entity_or_business_unit", json!({"org": SOUTH}), json!(ES)),
        food("sql_period_control_org", json!({"org": WEST}), json!(US)),
        food("sql_period_control_org", json!({"org": "0"}), nothing.clone()),
        food("sql_calendar_owner", json!({"org": NORTH}), json!(ES)),
        food("sql_calendar_owner", json!({"org": "unknown"}), nothing.clone()),
        food("sql_period_control_org_treenode", json!({"org": WEST}), json!(US)),
        food("sql_period_control_org_treenode", json!({"org": "0"}), nothing.clone()),
        food("sql_calendar_owner_treenode", json!({"org": NORTH}), json!(ES)),
        food("sql_calendar_owner_treenode", json!({"org": null}), nothing),
        // A role with access to `0` reads all organizations of its client, but may write only `0`.
        food("readable_orgs", json!({"role": GROUP_ADMIN, "automatic_roles": false}), json!(ALL)),
        food("writable_orgs", json!({"role": GROUP_ADMIN, "automatic_roles": false}), json!(["0"])),
        food("writable_orgs", json!({"role": GROUP_ADMIN}), json!(ALL)),
        food("user_org_context", json!({"role": GROUP_ADMIN}), json!("'0','0'")),
        // An automatic role has all organizations of its client except those that inactive rows deny, among
        // them `0`.
        food("readable_orgs", json!({"role": US_ADMIN}), json!(["0", GROUP, US, EAST, WEST])),
        food("writable_orgs", json!({"role": US_ADMIN}), json!(["0", US, EAST, WEST])),
        food("readable_orgs_count", json!({"role": US_ADMIN, "automatic_roles": false}), json!(5)),
        food(
            "writable_orgs",
            json!({"role": US_ADMIN, "inactive_access": [EAST], "inactive_orgs": [WEST, "unknown"]}),
            json!(["0", US]),
        ),
        // The legacy tree ignores whether a row is active.
        food("legacy_accessible_tree", json!({"role": US_ADMIN}), json!(ALL)),
        // User level organization: `0` is never writable. A role that has no rows and is not automatic reads
        // only `0`.
        food("writable_orgs", json!({"role": NORTH_USER}), json!([EAST, WEST, SOUTH, NORTH])),
        food("readable_orgs_count", json!({"role": NORTH_USER}), json!(8)),
        food(
            "user_org_context",
            json!({"role": NORTH_USER}),
            json!(format!("'{EAST}','{WEST}','{SOUTH}','{NORTH}'")),
        ),
        food("writable_orgs", json!({"role": SOUTH_USER, "automatic_roles": false}), json!([])),
        food("readable_orgs", json!({"role": SOUTH_USER, "automatic_roles": false}), json!(["0"])),
        food("legacy_accessible_tree", json!({"role": SOUTH_USER}), json!([])),
        food(
            "readable_orgs",
            json!({"role": NORTH_USER, "inactive_access": [EAST, WEST, SOUTH]}),
            json!(["0", GROUP, ES, NORTH]),
        ),
        qa("readable_orgs", json!({"role": QA_SALES}), json!(["0", MAIN, SPAIN, USA])),
        qa("readable_orgs", json!({"role": QA_SALES, "inactive_orgs": [USA]}), json!(["0", MAIN, SPAIN])),
        qa("writable_orgs", json!({"role": QA_SALES}), json!(["0", SPAIN, USA])),
        qa("user_org_context", json!({"role": QA_SALES}), json!(format!("'0','{SPAIN}','{USA}'"))),
        // Roles of another client. Organizations outside the tree come last, in byte order.
        qa("readable_orgs", json!({"role": "0"}), json!(["0", MAIN, SPAIN, USA])),
        qa("writable_orgs", json!({"role": "0"}), json!(["0"])),
        system("readable_orgs", json!({"role": "0"}), json!(["0"])),
        qa(
            "readable_orgs",
            json!({"role": QA_ADMIN, "current_client": FOOD}),
            json!(["0", GROUP, US, EAST, ES, WEST, SOUTH, NORTH]),
        ),
        food(
            "legacy_referenceable_orgs",
            json!({"org": ES}),
            json!(format!("'{ES}','{NORTH}','{SOUTH}','{GROUP}','0'")),
        ),
        food(
            "legacy_referenceable_orgs",
            json!({"org": ""}),
            json!(format!("'0','{GROUP}','{ES}','{NORTH}','{SOUTH}','{US}','{EAST}','{WEST}'")),
        ),
        food("legacy_referenceable_orgs", json!({"org": null}), json!("")),
        food("legacy_referenceable_orgs", json!({"org": "unknown"}), json!("")),
    ]
}
