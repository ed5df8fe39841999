//! The types of the API as JSON.

use org_structure::{Finding, Fingerprint, OrgFlags, OrgId, OrgIndex, OrgRow, OrgSet, RoleId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};

fn assert_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, json: Value) {
    assert_eq!(to_value(value).unwrap(), json);
    assert_eq!(&from_value::<T>(json).unwrap(), value);
}

#[test]
fn values_round_trip_through_plain_json() {
    let id = OrgId::new("Región \"Norte\"").unwrap();
    assert_json(&id, json!("Región \"Norte\""));
    assert_json(&RoleId::new("R").unwrap(), json!("R"));
    assert_json(&OrgIndex::new(7), json!(7));
    assert_json(&(OrgFlags::READY | OrgFlags::LEGAL_ENTITY), json!("READY | LEGAL_ENTITY"));
    assert_json(&[3, 1, 2].map(OrgIndex::new).into_iter().collect::<OrgSet>(), json!([1, 2, 3]));
    assert_json(&Fingerprint::from_bytes([0xab; 32]), json!("ab".repeat(32)));
    assert_json(
        &Finding::DanglingParent { org: id, parent: "gone".into() },
        json!({"finding": "DanglingParent", "org": "Región \"Norte\"", "parent": "gone"}),
    );
    assert_json(&Finding::NoOrganizationZero, json!({"finding": "NoOrganizationZero"}));
    assert_eq!(
        to_value(OrgRow::new("A").under("0").in_time_zone("Europe/Madrid")).unwrap(),
        json!({"id": "A", "parent": "0", "flags": "", "time_zone": "Europe/Madrid", "calendar": null})
    );
}

#[test]
fn invalid_values_are_refused_with_a_reason() {
    let reason = |refused: Result<OrgId, serde_json::Error>| refused.unwrap_err().to_string();
    assert!(reason(from_value(json!(""))).contains("empty"));
    assert!(reason(from_value(json!("x".repeat(33)))).contains("33 bytes"));
    assert!(reason(from_value(json!(7))).contains("organization id"));
    let role = from_value::<RoleId>(json!("")).unwrap_err().to_string();
    assert!(role.contains("role id must not be empty"), "{role}");
    for text in ["", "ab", &"AB".repeat(32), &"zz".repeat(32), &"ab".repeat(33)] {
        assert!(from_value::<Fingerprint>(json!(text)).is_err(), "{text}");
    }
    assert!(from_value::<OrgFlags>(json!("NO_SUCH_FLAG")).is_err());
    assert!(from_value::<OrgSet>(json!([-1])).is_err());
}
