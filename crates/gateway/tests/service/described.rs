//! What `/v1/openapi.json` says of an answer: every answer that a test gets is held against it.

use std::sync::LazyLock;

use gateway::http::OPENAPI;
use reqwest::Method;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&OPENAPI).unwrap());

/// Fails if a route that is described gives another answer than described. `kind` is the type of its content.
pub(crate) fn assert_described(method: &Method, path: &str, status: u16, kind: &str, text: &str) {
    let Some(operation) = operation(method, path) else { return };
    let place = format!("{method} {path} answered {status} {text}");
    let response = operation["responses"].get(status.to_string());
    let response = resolved(response.unwrap_or_else(|| panic!("not described: {place}")));
    let Some(contents) = response.get("content") else {
        assert_eq!(text, "", "described without a body: {place}");
        return;
    };
    let kind = kind.split(';').next().unwrap().trim();
    let content = contents.get(kind).unwrap_or_else(|| panic!("not described as `{kind}`: {place}"));
    if kind.ends_with("json") {
        let mut schema = content["schema"].clone();
        schema["components"] = DOCUMENT["components"].clone();
        close(&mut schema);
        let answer: Value = serde_json::from_str(text).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &answer) {
            panic!("described otherwise, {error} at {}: {place}", error.instance_path());
        }
    }
}

/// What is described of a method and a path, if anything.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let exact = paths.get(path);
    let operations =
        exact.or_else(|| paths.iter().find(|(known, _)| is_one_of(path, known)).map(|(_, it)| it));
    operations?.get(method.as_str().to_lowercase())
}

/// Is a path one of those that are described together?
fn is_one_of(path: &str, described: &str) -> bool {
    let (parts, known) = (path.split('/'), described.split('/'));
    parts.clone().count() == known.clone().count()
        && parts.zip(known).all(|(part, known)| part == known || (known == "{id}" && !part.is_empty()))
}

/// Has a schema refuse parts of objects that it does not describe: clients may meet more than they know,
/// tests may not.
fn close(schema: &mut Value) {
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                if object.get("properties").is_some_and(Value::is_object) {
                    object.entry("additionalProperties").or_insert(json!(false));
                }
                waiting.extend(object.values_mut());
            }
            Value::Array(array) => waiting.extend(array),
            _ => {}
        }
    }
}

fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

#[test]
fn another_answer_than_described_is_noticed() {
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
    assert!(!passes(Method::POST, "/v1/logout", 202, "", String::new()), "it says what is pending");
    assert!(!passes(Method::POST, "/v1/logout", 204, "", "bye".to_owned()));
    assert!(passes(Method::GET, "/nowhere", 200, "", String::new()), "of which nothing is said");
}
