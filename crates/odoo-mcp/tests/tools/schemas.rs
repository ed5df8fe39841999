//! The list of tools: uses the subset of JSON Schema that all clients support, and stays small.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::Agent;

const ALL: &[(&str, &str)] =
    &[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true"), ("ODOO_MCP_ENABLE_STATS", "true")];

/// The tools as they are listed.
async fn listed(settings: &[(&str, &str)]) -> Vec<Value> {
    let agent = Agent::new(settings).await;
    let tools = agent.client.list_all_tools().await.unwrap();
    tools.iter().map(|tool| serde_json::to_value(tool).unwrap()).collect()
}

/// Checks a schema and all nested schemas.
fn check(place: &str, schema: &Value) {
    let object = schema.as_object().unwrap_or_else(|| panic!("{place} is not an object: {schema}"));
    for unsupported in
        ["$ref", "$defs", "$schema", "oneOf", "allOf", "not", "const", "format", "additionalProperties"]
    {
        assert!(!object.contains_key(unsupported), "{place} has {unsupported}");
    }
    assert!(object.get("default").is_none_or(|default| !default.is_null()), "{place}");
    if let Some(kind) = object.get("type") {
        let known = ["object", "array", "string", "integer", "number", "boolean"];
        assert!(kind.as_str().is_some_and(|kind| known.contains(&kind)), "{place}: {kind}");
    } else {
        assert!(object.contains_key("anyOf"), "{place} has no type: {schema}");
    }
    if object.get("type").is_some_and(|kind| kind == "object") {
        let properties = object["properties"].as_object().unwrap();
        properties.iter().for_each(|(name, property)| check(&format!("{place}.{name}"), property));
        let required = object.get("required").and_then(Value::as_array).into_iter().flatten();
        required.for_each(|name| assert!(properties.contains_key(name.as_str().unwrap()), "{place}.{name}"));
    }
    if object.get("type").is_some_and(|kind| kind == "array") {
        check(&format!("{place}[]"), &object["items"]);
    }
    for choice in object.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        check(&format!("{place}|"), choice);
    }
}

#[tokio::test]
async fn schemas_of_arguments_use_only_the_supported_subset() {
    for tool in listed(ALL).await {
        let (name, schema) = (tool["name"].as_str().unwrap(), &tool["inputSchema"]);
        assert_eq!(schema["type"], "object", "{name}");
        check(name, schema);
        assert!(!tool["outputSchema"].to_string().contains("\"type\":["), "{name}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
    }
}

#[tokio::test]
async fn descriptions_are_complete_without_repetitions() {
    let tools = listed(&[("ODOO_MCP_DEFAULT_LIMIT", "10"), ("ODOO_MCP_MAX_LIMIT", "50")]).await;
    let text = json!(tools).to_string();
    assert!(text.len() <= 30_000, "{} bytes", text.len());
    let property = |tool: &str, name: &str| {
        let tool = tools.iter().find(|it| it["name"] == tool).unwrap();
        tool["inputSchema"]["properties"][name].clone()
    };
    let domain = property("search_records", "domain")["description"].to_string();
    for operator in [
        "=",
        "!=",
        "<=",
        "not in",
        "ilike",
        "=like",
        "child_of",
        "parent_of",
        "any",
        "not any",
        "&",
        "|",
        "!",
    ] {
        assert!(domain.contains(operator), "{operator}");
    }
    let values = property("create_record", "values")["description"].to_string();
    for expected in ["[0, 0, {values}]", "[6, 0, [ids]]", "2026-01-31 10:00:00", "UTC"] {
        assert!(values.contains(expected), "{expected}");
    }
    for tool in ["search_records", "aggregate_records"] {
        let limit = property(tool, "limit");
        assert_eq!((&limit["default"], &limit["maximum"]), (&json!(10), &json!(50)));
    }
    for once in ["archived", "such as `de_DE`", "child_of", "[2, id]"] {
        assert_eq!(text.matches(once).count(), 1, "{once}");
    }
    assert!(tools.iter().all(|tool| tool["name"] != "get_stats"), "the counters are disabled by default");
    let everything = listed(ALL).await;
    assert_eq!(everything.len(), 18);
    assert!(json!(everything).to_string().len() <= 30_000);
}

/// The client libraries of Anthropic, Google and OpenAI convert all tools without loss.
#[tokio::test]
async fn published_client_libraries_convert_all_tools() {
    let python = std::env::var("ORGCACHE_TEST_PYTHON").expect("`cargo xtask test` sets ORGCACHE_TEST_PYTHON");
    let mut program = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/converters.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let tools = json!(listed(ALL).await);
    program.stdin.take().unwrap().write_all(tools.to_string().as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let converted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(converted, json!({"anthropic": 18, "gemini": 18, "openai": 18}));
}
