//! The operations that each mode allows.

use odoo_double::{Behaviour, Fault};
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, double};

const READ: &[&str] = &["read"];
const ALL: &[&str] = &["read", "write", "create", "unlink"];

/// All tools that change something, with arguments that would do so.
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

/// All tools that read records of a model.
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

async fn check_unchanged(agent: &Agent) {
    for call in agent.double.calls() {
        let changes =
            ["create", "write", "unlink", "message_post", "action_x"].contains(&call.method.as_str());
        assert!(!changes, "{call:?}");
    }
    assert_eq!(agent.double.with_model(PARTNERS, |model| model.records.len()), Some(60));
}

#[tokio::test]
async fn read_allows_only_reads_on_all_models() {
    let settings = [("ODOO_YOLO", "read"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")];
    let agent = Agent::new(&settings).await;
    agent.ask("search_records", json!({"model": "hr.payslip"})).await;
    for (tool, arguments) in changes() {
        let message = agent.refused(tool, arguments).await;
        assert!(
            message.starts_with("access denied: ") && message.contains("ODOO_YOLO=read"),
            "{tool}: {message}"
        );
    }
    check_unchanged(&agent).await;
    let tools = agent.client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.name != "call_model_method"));
}

#[tokio::test]
async fn off_is_the_default_and_denies_everything_without_the_addon() {
    let agent = Agent::new(&[]).await;
    for (tool, arguments) in [reads(), changes()].concat() {
        let message = agent.refused(tool, arguments).await;
        let reason = "could not verify access: the add-on mcp_server does not answer: install it in odoo, or set \
                      ODOO_YOLO to read or true";
        assert_eq!(message, reason, "{tool}");
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
        let message = agent.resource(uri).await.unwrap_err().to_string();
        assert!(message.contains("could not verify access"), "{uri}: {message}");
    }
    assert!(agent.double.calls().is_empty(), "odoo itself was called");
}

#[tokio::test]
async fn off_allows_operations_by_the_rules_of_each_model() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, READ), ("hr.payslip", &["write"])]));
    let agent = Agent::with(double, &[]).await;
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1})).await;
    for (tool, arguments) in changes() {
        assert!(agent.refused(tool, arguments).await.starts_with("access denied: "), "{tool}");
    }
    check_unchanged(&agent).await;
    let message = agent.refused("search_records", json!({"model": "hr.payslip"})).await;
    assert_eq!(message, "access denied: operation `read` is not allowed on model `hr.payslip`");
    let message = agent.refused("search_records", json!({"model": "res.country"})).await;
    assert_eq!(message, "access denied: Model 'res.country' is not enabled for MCP access.");
    let context = agent.ask("get_current_context", json!({})).await;
    assert_eq!(context["login"], Value::Null, "the rules deny reading users");
    let record =
        agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1, "fields": ["category_id"]})).await;
    assert_eq!(record["related_summaries"], Value::Null, "the rules deny reading the related model");
}

#[tokio::test]
async fn an_error_of_the_addon_is_neither_a_refusal_nor_a_permission() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, ALL)]));
    let agent = Agent::with(double, &[("ODOO_API_KEY", "<key of admin>")]).await;
    agent.double.set_rules(None);
    let message = agent.refused("search_records", json!({"model": PARTNERS})).await;
    assert!(message.starts_with("could not verify access: "), "{message}");
    agent.double.set_rules(Some(&[(PARTNERS, ALL)]));
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    // Verified permissions stay cached while the add-on does not answer.
    agent.double.set_rules(None);
    agent.ask("search_records", json!({"model": PARTNERS})).await;
    agent.double.inject(Fault::ServerError);
    assert!(
        agent
            .refused("search_records", json!({"model": PARTNERS}))
            .await
            .starts_with("odoo failed with the internal error")
    );
}

#[tokio::test]
async fn reads_cannot_bypass_the_rules() {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, READ), ("res.country", READ)]));
    let agent = Agent::with(double, &[]).await;
    for arguments in [
        json!({"model": PARTNERS, "domain": [["user_ids.login", "=", "admin"]]}),
        json!({"model": PARTNERS, "domain": ["|", ["name", "=", "x"], ["user_ids", "ilike", "adm"]]}),
        json!({"model": PARTNERS, "domain": [["user_ids", "any", [["login", "=", "admin"]]]]}),
        json!({"model": PARTNERS, "order": "user_ids.login desc"}),
    ] {
        let message = agent.refused("search_records", arguments.clone()).await;
        assert!(message.contains("reads `res.users`"), "{arguments}: {message}");
    }
    for groupby in ["user_ids", "user_ids.login"] {
        let message =
            agent.refused("aggregate_records", json!({"model": PARTNERS, "groupby": [groupby]})).await;
        assert!(message.contains("reads `res.users`"), "{message}");
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
async fn writes_cannot_bypass_the_rules() {
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
    // Linking an existing record is a write of the record itself; creating a related record is not.
    let link = json!({"model": PARTNERS, "record_id": 1, "values": {"category_id": [[4, 7]]}});
    agent.ask("update_record", link).await;
    let create =
        json!({"model": PARTNERS, "record_id": 1, "values": {"category_id": [[0, 0, {"name": "x"}]]}});
    assert!(
        agent
            .refused("update_record", create)
            .await
            .contains("would `create` records of `res.partner.category`")
    );
    let each = json!({"model": PARTNERS, "updates": [{"id": 1, "values": {"name": "x"}}]});
    assert!(agent.refused("update_records", each).await.starts_with("access denied"));
}
