//! Validates every answer that a test receives against `/v1/openapi.json`.

use std::sync::LazyLock;

use gateway::http::OPENAPI;
use reqwest::Method;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&OPENAPI).unwrap());

/// Fails if the answer of a documented route does not conform to its description. `kind` is the media type.
pub(crate) fn assert_described(method: &Method, path: &str, status: u16, kind: &str, text: &str) {
    let Some(operation) = operation(method, path) else { return };
    let place = format!("{method} {path} answered {status} {text}");
    let response = operation["responses"].get(status.to_string());
    let response = resolve_ref(response.unwrap_or_else(|| panic!("not described: {place}")));
    let Some(contents) = response.get("content") else {
        assert_eq!(text, "", "described without a body: {place}");
        return;
    };
    let kind = kind.split(';').next().unwrap().trim();
    let content = contents.get(kind).unwrap_or_else(|| panic!("not described as `{kind}`: {place}"));
    if kind.ends_with("json") {
        let mut schema = content["schema"].clone();
        schema["components"] = DOCUMENT["components"].clone();
        forbid_undocumented_properties(&mut schema);
        let answer: Value = serde_json::from_str(text).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &answer) {
            panic!("does not conform to its schema, {error} at {}: {place}", error.instance_path());
        }
    }
}

/// The description of an operation, if it is documented.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let exact = paths.get(path);
    let operations = exact
        .or_else(|| paths.iter().find(|(template, _)| matches_template(path, template)).map(|(_, it)| it));
    operations?.get(method.as_str().to_lowercase())
}

/// Whether a path matches a template such as `/v1/admin/sessions/{id}`.
fn matches_template(path: &str, template: &str) -> bool {
    let (parts, expected) = (path.split('/'), template.split('/'));
    parts.clone().count() == expected.clone().count()
        && parts
            .zip(expected)
            .all(|(part, expected)| part == expected || (expected == "{id}" && !part.is_empty()))
}

/// Makes a schema refuse undocumented properties. Clients must ignore them, but a test must notice them.
fn forbid_undocumented_properties(schema: &mut Value) {
    let mut pending = vec![schema];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(object) => {
                if object.get("properties").is_some_and(Value::is_object) {
                    object.entry("additionalProperties").or_insert(json!(false));
                }
                pending.extend(object.values_mut());
            }
            Value::Array(array) => pending.extend(array),
            _ => {}
        }
    }
}

fn resolve_ref(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

#[test]
fn nonconforming_answers_are_detected() {
    let passes = |method: Method, path: &'static str, status: u16, kind: &'static str, text: String| {
        std::panic::catch_unwind(move || assert_described(&method, path, status, kind, &text)).is_ok()
    };
    let ended = |elsewhere: &str| json!({"ended": 1, "elsewhere": elsewhere}).to_string();
    let json = "application/json";
    assert!(passes(Method::DELETE, "/v1/admin/sessions/x", 200, json, ended("done")));
    assert!(!passes(Method::DELETE, "/v1/admin/sessions/x", 200, json, ended("nowhere")));
    assert!(!passes(Method::DELETE, "/v1/admin/sessions/x", 200, json, "{}".to_owned()));
    let with_more = r#"{"ended": 1, "elsewhere": "done", "more": 1}"#;
    assert!(!passes(Method::DELETE, "/v1/admin/sessions/x", 200, json, with_more.to_owned()));
    assert!(!passes(Method::DELETE, "/v1/admin/sessions/x", 200, "text/plain", ended("done")));
    assert!(!passes(Method::DELETE, "/v1/admin/sessions/x", 204, "", String::new()));
    assert!(passes(Method::POST, "/v1/logout", 204, "", String::new()));
    assert!(passes(Method::POST, "/v1/logout", 202, json, ended("pending")));
    assert!(!passes(Method::POST, "/v1/logout", 202, "", String::new()), "this status has a body");
    assert!(!passes(Method::POST, "/v1/logout", 204, "", "bye".to_owned()));
    assert!(passes(Method::GET, "/nowhere", 200, "", String::new()), "an undocumented route is not checked");
}
