//! What each mode lets through.

use odoo_double::{Behaviour, Fault};
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, double};

const READ: &[&str] = &["read"];
const ALL: &[&str] = &["read", "write", "create", "unlink"];

/// Every tool that changes something, with arguments that would do it.
fn changes() -> Vec<(&'static str, Value)> {
    vec![
        ("create_record", json!({"model": PARTNERS, "values": {"name": "x"}})),
        ("create_records", json!({"model": PARTNERS, "records": [{"name": "x"}]})),
        ("update_record", json!({"model": PARTNERS, "record_id": 1, "values": {"name": "x"}})),
        ("update_records", json!({"model": PARTNERS, "record_ids": [1], "values": {"name": "x"}})),
        ("delete_record", json!({"model": PARTNERS, "record_id": 1})),
        ("post_message", json!({"model": PARTNERS, "record_id": 1, "body": "x"})),
        ("upload_attachment", json!({"model": PARTNERS, "record_id": 1, "name": "x", "data": "eA=="})),
    ]
}

/// Every tool and resource that reads records of a model.
fn reads() -> Vec<(&'static str, Value)> {
    vec![
        ("search_records", json!({"model": PARTNERS})),
        ("get_record", json!({"model": PARTNERS, "record_id": 1})),
        ("get_fields", json!({"model": PARTNERS})),
        ("aggregate_records", json!({"model": PARTNERS})),
        ("list_record_attachments", json!({"model": PARTNERS, "record_id": 1})),
        ("read_attachment", json!({"uri": "odoo://res.partner/record/1/image_128"})),
    ]
}

async fn changed_nothing(agent: &Agent) {
    for call in agent.double.calls() {
        let changes =
            ["create", "write", "unlink", "message_post", "action_x"].contains(&call.method.as_str());
        assert!(!changes, "{call:?}");
    }
    assert_eq!(agent.double.with_model(PARTNERS, |model| model.records.len()), Some(60));
}

#[tokio::test]
async fn read_lets_reading_through_on_every_model_and_nothing_else() {
    let settings = [("ODOO_YOLO", "read"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")];
    let agent = Agent::new(&settings).await;
    agent.ask("search_records", json!({"model": "hr.payslip"})).await;
    for (tool, arguments) in changes() {
        let told = agent.refused(tool, arguments).await;
        assert!(told.starts_with("access denied: ") && told.contains("ODOO_YOLO=read"), "{tool}: {told}");
    }
    changed_nothing(&agent).await;
    let tools = agent.client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.name != "call_model_method"));
}

#[tokio::test]
async fn off_is_the_default_and_lets_nothing_through_without_the_addon() {
    let agent = Agent::new(&[]).await;
    for (tool, arguments) in [reads(), changes()].concat() {
        let told = agent.refused(tool, arguments).await;
        let reason = "could not verify access: the add-on mcp_server does not answer: install it in odoo, or set \
                      ODOO_YOLO to read or true";
        assert_eq!(told, reason, "{tool}");
    }
    assert!(agent.refused("list_models", json!({})).await.starts_with("could not verify access"));
    for uri in [
        "odoo://res.partner/record/1",
        "odoo://res.partner/search",
        "odoo://res.partner/count",
        "odoo://res.partner/fields",
        "odoo://res.partner/record/1/image_128",
        "odoo://attachment/1",
    ] {
        let told = agent.resource(uri).await.unwrap_err().to_string();
        assert!(told.contains("could not verify access"), "{uri}: {told}");
    }
    assert!(agent.double.calls().is_empty(), "nothing was asked of odoo itself");
}

#[tokio::test]
async fn off_lets_through_what_the_rules_allow_per_model_and_operation() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, READ), ("hr.payslip", &["write"])]));
    let agent = Agent::with(double, &[]).await;
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1})).await;
    for (tool, arguments) in changes() {
        assert!(agent.refused(tool, arguments).await.starts_with("access denied: "), "{tool}");
    }
    changed_nothing(&agent).await;
    let told = agent.refused("search_records", json!({"model": "hr.payslip"})).await;
    assert_eq!(told, "access denied: operation `read` is not allowed on model `hr.payslip`");
    let told = agent.refused("search_records", json!({"model": "res.country"})).await;
    assert_eq!(told, "access denied: Model 'res.country' is not enabled for MCP access.");
    let context = agent.ask("get_current_context", json!({})).await;
    assert_eq!(context["login"], Value::Null, "not even the user may be read");
    let record =
        agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1, "fields": ["category_id"]})).await;
    assert_eq!(record["related_summaries"], Value::Null, "names of a closed model are not told");
}

#[tokio::test]
async fn an_addon_that_fails_is_no_refusal_and_no_permission() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, ALL)]));
    let agent = Agent::with(double, &[("ODOO_API_KEY", "<key of admin>")]).await;
    agent.double.set_rules(None);
    let told = agent.refused("search_records", json!({"model": PARTNERS})).await;
    assert!(told.starts_with("could not verify access: "), "{told}");
    agent.double.set_rules(Some(&[(PARTNERS, ALL)]));
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    // What was verified is kept for a while, whatever becomes of the add-on.
    agent.double.set_rules(None);
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    agent.double.inject(Fault::ServerError);
    assert!(
        agent.refused("search_records", json!({"model": PARTNERS})).await.starts_with("odoo failed inside")
    );
}

#[tokio::test]
async fn off_closes_the_ways_around_the_rules_when_reading() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, READ), ("res.country", READ)]));
    let agent = Agent::with(double, &[]).await;
    for arguments in [
        json!({"model": PARTNERS, "domain": [["user_ids.login", "=", "admin"]]}),
        json!({"model": PARTNERS, "domain": ["|", ["name", "=", "x"], ["user_ids", "ilike", "adm"]]}),
        json!({"model": PARTNERS, "domain": [["user_ids", "any", [["login", "=", "admin"]]]]}),
        json!({"model": PARTNERS, "order": "user_ids.login desc"}),
    ] {
        let told = agent.refused("search_records", arguments.clone()).await;
        assert!(told.contains("reads `res.users`"), "{arguments}: {told}");
    }
    for groupby in ["user_ids", "user_ids.login"] {
        let told = agent.refused("aggregate_records", json!({"model": PARTNERS, "groupby": [groupby]})).await;
        assert!(told.contains("reads `res.users`"), "{told}");
    }
    for domain in [
        json!([["user_ids", "=", false]]),
        json!([["country_id.name", "=", "x"]]),
        json!([["country_id", "any", []]]),
    ] {
        agent.ask("search_records", json!({"model": PARTNERS, "domain": domain})).await;
    }
}

#[tokio::test]
async fn off_closes_the_ways_around_the_rules_when_writing() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, ALL), ("res.partner.category", READ)]));
    let agent = Agent::with(double, &[]).await;
    for commands in [
        json!([[0, 0, {"login": "root"}]]),
        json!([[1, 2, {"login": "root"}]]),
        json!([[2, 2]]),
        json!([[3, 2]]),
        json!([[4, 2]]),
        json!([[5]]),
        json!([[6, 0, [2]]]),
        json!([2]),
        json!([[9, 2]]),
        json!(["x"]),
    ] {
        let arguments = json!({"model": PARTNERS, "record_id": 1, "values": {"user_ids": commands}});
        agent.refused("update_record", arguments).await;
        agent
            .refused("create_records", json!({"model": PARTNERS, "records": [{"user_ids": commands}]}))
            .await;
    }
    // To link what is there already is a write of the record itself; to make a new one is not.
    let link = json!({"model": PARTNERS, "record_id": 1, "values": {"category_id": [[4, 7]]}});
    agent.ask("update_record", link).await;
    let make = json!({"model": PARTNERS, "record_id": 1, "values": {"category_id": [[0, 0, {"name": "x"}]]}});
    assert!(
        agent
            .refused("update_record", make)
            .await
            .contains("would `create` records of `res.partner.category`")
    );
    let each = json!({"model": PARTNERS, "updates": [{"id": 1, "values": {"name": "x"}}]});
    assert!(agent.refused("update_records", each).await.starts_with("access denied"));
}
