//! The notations of arguments that all tools accept.

use serde_json::{Map, Value, json};

use crate::support::{Agent, PARTNERS, text};

const FULL: &[(&str, &str)] = &[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")];

/// A call of each tool, with only the required arguments.
fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("search_records", json!({"model": PARTNERS})),
        ("get_record", json!({"model": PARTNERS, "record_id": 1})),
        ("get_fields", json!({"model": PARTNERS})),
        ("get_current_context", json!({})),
        ("list_models", json!({})),
        ("list_resource_templates", json!({})),
        ("create_record", json!({"model": PARTNERS, "values": {"name": "x"}})),
        ("create_records", json!({"model": PARTNERS, "records": [{"name": "x"}]})),
        ("update_record", json!({"model": PARTNERS, "record_id": 1, "values": {"name": "x"}})),
        ("update_records", json!({"model": PARTNERS, "record_ids": [1], "values": {"name": "x"}})),
        ("post_message", json!({"model": PARTNERS, "record_id": 1, "body": "x"})),
        ("read_attachment", json!({"attachment_id": 1})),
        ("list_record_attachments", json!({"model": PARTNERS, "record_id": 1})),
        ("upload_attachment", json!({"model": PARTNERS, "record_id": 1, "name": "x", "data": "eA=="})),
        ("aggregate_records", json!({"model": PARTNERS})),
        ("call_model_method", json!({"model": PARTNERS, "method": "message_post", "arguments": [[1]]})),
        ("delete_record", json!({"model": PARTNERS, "record_id": 2})),
    ]
}

#[tokio::test]
async fn every_optional_argument_may_be_null() {
    let agent = Agent::new(FULL).await;
    let tools = agent.client.list_all_tools().await.unwrap();
    let mut listed: Vec<&str> =
        tools.iter().map(|tool| &*tool.name).filter(|name| *name != "get_stats").collect();
    let mut called: Vec<&str> = calls().iter().map(|(tool, _)| *tool).collect();
    listed.sort_unstable();
    called.sort_unstable();
    assert_eq!(listed, called);
    for (name, arguments) in calls() {
        let tool = tools.iter().find(|tool| tool.name == name).unwrap();
        let named = tool.input_schema.get("properties").and_then(Value::as_object);
        let mut nulls: Map<String, Value> =
            named.into_iter().flat_map(Map::keys).map(|key| (key.clone(), Value::Null)).collect();
        let required = tool.input_schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for required in required.filter_map(Value::as_str) {
            let mut without = arguments.clone();
            without[required] = Value::Null;
            let message = agent.refused(name, without).await;
            assert_eq!(message, format!("{name}: `{required}` is missing"));
        }
        nulls.extend(arguments.as_object().unwrap().clone());
        agent.ask(name, Value::Object(nulls)).await;
    }
}

#[tokio::test]
async fn arguments_are_accepted_in_any_unambiguous_notation() {
    let agent = Agent::new(FULL).await;
    let plain = json!({"model": PARTNERS, "domain": [["id", "in", [5, 6]], ["name", "!=", false]], "limit": 1,
                       "offset": 1, "fields": ["name", "email"], "context": {"active_test": false, "lang": "en_US"}});
    let expected = agent.ask("search_records", plain.clone()).await;
    assert_eq!(expected["records"], json!([{"email": false, "id": 6, "name": "Partner 6"}]));
    for (argument, value) in [
        ("domain", json!("[[\"id\", \"in\", [5, 6]], [\"name\", \"!=\", false]]")),
        ("domain", json!("[('id', 'in', [5, 6]), ('name', '!=', False)]")),
        ("domain", json!("(('id', 'in', (5, 6)), ('name', '!=', False),)")),
        ("domain", json!(["('id', 'in', (5, 6))", ["name", "!=", false]])),
        ("domain", json!(" ['&', ('id', 'in', [5, 6,],), (\"name\", \"!=\", False)] ")),
        ("fields", json!(["name,email"])),
        ("context", json!({"active_test": 0, "lang": "en_US"})),
        ("context", json!({"active_test": "0", "lang": "en_US"})),
        ("limit", json!(1.0)),
        ("limit", json!("1")),
        ("offset", json!("1.0")),
        ("fields", json!("name, email")),
        ("fields", json!("[\"name\", \"email\"]")),
        ("fields", json!("['name', 'email']")),
        ("context", json!("{\"active_test\": false, \"lang\": \"en_US\"}")),
        ("context", json!("{'active_test': False, 'lang': 'en_US'}")),
        (
            "context",
            json!({"active_test": "false", "lang": "en_US", "tz": null, "allowed_company_ids": null}),
        ),
        ("context", json!({"active_test": false, "lang": "en_US", "allowed_company_ids": "1, 2"})),
    ] {
        let mut lenient = plain.clone();
        lenient[argument] = value.clone();
        assert_eq!(agent.ask("search_records", lenient).await, expected, "{argument}: {value}");
    }
    for domain in [json!(["id", "=", 5]), json!("['id', '=', 5]"), json!("('id', '=', 5)")] {
        let request = json!({"model": PARTNERS, "domain": domain, "fields": "", "context": ""});
        assert_eq!(agent.ask("search_records", request).await["total"], 1, "{domain}");
    }
    let request = json!({"model": PARTNERS, "domain": ""});
    assert_eq!(agent.ask("search_records", request).await["total"], 60);
    for (tool, arguments) in [
        ("get_record", json!({"model": PARTNERS, "record_id": 5.0, "max_age": "2"})),
        ("get_record", json!({"model": PARTNERS, "record_id": " 5 ", "max_age": 0.0})),
        ("create_record", json!({"model": PARTNERS, "values": "{\"name\": \"x\"}"})),
        ("create_records", json!({"model": PARTNERS, "records": "[{'name': 'x'}]"})),
        ("create_records", json!({"model": PARTNERS, "records": ["{\"name\": \"x\"}"]})),
        ("update_records", json!({"model": PARTNERS, "record_ids": "1, 2", "values": "{\"name\": \"x\"}"})),
        ("update_records", json!({"model": PARTNERS, "record_ids": 1, "values": {"name": "x"}})),
        ("update_records", json!({"model": PARTNERS, "record_ids": "[1, 2]", "values": {"name": "x"}})),
        (
            "post_message",
            json!({"model": PARTNERS, "record_id": "1", "body": 7, "subtype": "Comment", "body_is_html": "False",
                   "partner_ids": "2", "attachment_ids": [1.0]}),
        ),
        (
            "call_model_method",
            json!({"model": PARTNERS, "method": "message_post", "arguments": "[[1]]", "keyword_arguments": "{}"}),
        ),
        ("call_model_method", json!({"model": PARTNERS, "method": "message_post", "arguments": [[1.0]]})),
        (
            "aggregate_records",
            json!({"model": PARTNERS, "groupby": "country_id", "aggregates": "__count, credit:sum"}),
        ),
        ("get_fields", json!({"model": PARTNERS, "field_names": "name,email", "attributes": "['type']"})),
        ("read_attachment", json!({"attachment_id": "1", "uri": null})),
    ] {
        let result = agent.call(tool, arguments.clone()).await;
        assert_eq!(result.is_error, Some(false), "{tool} {arguments}: {}", text(&result));
    }
}

#[tokio::test]
async fn errors_name_the_argument_and_no_types_of_rust() {
    let agent = Agent::new(FULL).await;
    for (tool, arguments) in calls() {
        let names: Vec<String> = arguments.as_object().unwrap().keys().cloned().collect();
        for name in names.iter().map(String::as_str).chain(["unknown"]) {
            for wrong in
                [json!(true), json!(1.5), json!({"a": []}), json!([[[]]]), json!("\u{1f600}"), json!(-1)]
            {
                // These arguments accept any text, and numbers as text.
                let is_text = ["model", "method", "name", "data", "body"].contains(&name);
                if is_text && (wrong.is_string() || wrong == json!(-1)) {
                    continue;
                }
                let mut arguments = arguments.clone();
                arguments[name] = wrong.clone();
                let result = agent.call(tool, arguments).await;
                if name == "values" && wrong.is_object() || name == "arguments" && wrong.is_array() {
                    continue;
                }
                let message = text(&result);
                assert!(message.starts_with(&format!("{tool}: `{name}")), "{tool} {name} {wrong}: {message}");
                for word in
                    ["i64", "u32", "usize", "Vec", ", expected", "invalid type", "struct", "newtype", "map"]
                {
                    assert!(!message.contains(word), "{message}");
                }
            }
        }
    }
}
