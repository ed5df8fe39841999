//! Field definitions represent any JSON that a server may send, and compare equal in any order.

use std::collections::BTreeMap;

use model_metadata::{FieldDefinitions, Projection};
use proptest::prelude::*;
use serde_json::Value;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

type Source = BTreeMap<String, BTreeMap<String, Value>>;

fn source() -> impl Strategy<Value = Source> {
    prop::collection::btree_map(
        ".{0,6}",
        prop::collection::btree_map("[a-d]{1,2}|.{0,3}", value(), 0..6),
        0..8,
    )
}

/// The source as JSON text, with fields and attributes in reverse order.
fn reversed(source: &Source) -> String {
    let object = |entries: Vec<String>| format!("{{{}}}", entries.join(", "));
    let entry = |name: &String, json: String| format!("{}: {json}", serde_json::to_string(name).unwrap());
    object(
        source
            .iter()
            .rev()
            .map(|(name, attributes)| {
                let attributes = attributes.iter().rev().map(|(name, value)| entry(name, value.to_string()));
                entry(name, object(attributes.collect()))
            })
            .collect(),
    )
}

proptest! {
    #[test]
    fn definitions_round_trip(source in source()) {
        let json = serde_json::to_string(&source).unwrap();
        let definitions: FieldDefinitions = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(definitions.len(), source.len());
        let back = serde_json::to_value(Projection::new(&definitions, None, None)).unwrap();
        prop_assert_eq!(&back, &serde_json::to_value(&source).unwrap());
        for (name, attributes) in &source {
            let field = definitions.get(name).unwrap();
            prop_assert_eq!(field.name(), name);
            prop_assert_eq!(field.attributes().count(), attributes.len());
            for (attribute, value) in attributes {
                let stored: Value = serde_json::from_str(field.attribute(attribute).unwrap()).unwrap();
                prop_assert_eq!(&stored, value);
                prop_assert_eq!(field.is_true(attribute), value == &Value::Bool(true));
                prop_assert_eq!(field.text(attribute), value.as_str().map(str::to_owned));
            }
        }
        prop_assert_eq!(definitions, serde_json::from_str::<FieldDefinitions>(&reversed(&source)).unwrap());
    }

    #[test]
    fn a_projection_has_the_requested_fields_and_attributes(
        source in source(),
        more in prop::collection::vec(".{0,6}", 0..3),
        attributes in prop::option::of(prop::collection::vec("[a-d]", 0..4)),
    ) {
        let definitions: FieldDefinitions =
            serde_json::from_value(serde_json::to_value(&source).unwrap()).unwrap();
        let requested: Vec<&str> = source.keys().step_by(2).chain(&more).chain(&more).map(String::as_str).collect();
        let attributes: Option<Vec<&str>> =
            attributes.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let part = Projection::new(&definitions, Some(&requested), attributes.as_deref());
        let mut expected = source.clone();
        expected.retain(|name, _| requested.contains(&name.as_str()));
        for found in expected.values_mut() {
            found.retain(|name, _| attributes.as_ref().is_none_or(|names| names.contains(&name.as_str())));
        }
        prop_assert_eq!(serde_json::to_value(part).unwrap(), serde_json::to_value(&expected).unwrap());
        let unknown = part.unknown();
        prop_assert!(unknown.iter().all(|name| !source.contains_key(*name)));
        prop_assert!(requested.iter().all(|name| source.contains_key(*name) || unknown.contains(name)));
    }
}

#[test]
fn json_other_than_an_object_of_objects_is_rejected() {
    for json in ["[]", "false", r#"{"name": "char"}"#, r#"{"name": {"type": }}"#, "", "{\"name\": {}"] {
        assert!(serde_json::from_str::<FieldDefinitions>(json).is_err(), "{json}");
    }
}
