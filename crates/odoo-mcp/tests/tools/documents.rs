//! Attachments and messages belong to a record of another model. The rules of that model apply to them.

use odoo_double::{Behaviour, OdooDouble};
use serde_json::json;

use crate::support::{Agent, PARTNERS, double};

const ALL: &[&str] = &["read", "write", "create", "unlink"];

/// The rules enable contacts and attachments, but not payslips. Attachment 6 belongs to a payslip.
async fn rules() -> OdooDouble {
    let double = double(Behaviour::default()).await;
    double.set_rules(Some(&[(PARTNERS, ALL), ("ir.attachment", ALL)]));
    double
}

#[tokio::test]
async fn files_of_an_unreadable_model_are_neither_found_nor_read() {
    let agent = Agent::with(rules().await, &[]).await;
    let found = agent.ask("search_records", json!({"model": "ir.attachment", "fields": ["name"]})).await;
    assert_eq!(found["total"], 6);
    assert!(!found.to_string().contains("payslip"), "{found}");
    let with_or = json!({"model": "ir.attachment", "domain": ["|", ["id", "=", 6], ["id", "=", 1]]});
    assert_eq!(agent.ask("search_records", with_or).await["total"], 1);
    let incomplete = json!({"model": "ir.attachment", "domain": [["id", "=", 6], "|"]});
    assert!(agent.refused("search_records", incomplete).await.contains("is incomplete"));
    let groups = agent.ask("aggregate_records", json!({"model": "ir.attachment"})).await;
    assert_eq!(groups["groups"][0]["__count"], 6);
    for (tool, arguments) in [
        ("get_record", json!({"model": "ir.attachment", "record_id": 6})),
        ("read_attachment", json!({"attachment_id": 6})),
        ("read_attachment", json!({"uri": "odoo://ir.attachment/record/6/datas"})),
    ] {
        let message = agent.refused(tool, arguments).await;
        assert!(message.contains("belongs to `hr.payslip`, where `read` is not allowed"), "{message}");
    }
    assert!(agent.resource("odoo://attachment/6").await.is_err());
    assert!(agent.resource("odoo://ir.attachment/record/6").await.is_err());
    agent.ask("get_record", json!({"model": "ir.attachment", "record_id": 1})).await;
}

#[tokio::test]
async fn files_of_an_unreadable_model_are_neither_moved_nor_deleted_nor_created() {
    let agent = Agent::with(rules().await, &[]).await;
    for (tool, arguments) in [
        (
            "update_record",
            json!({"model": "ir.attachment", "record_id": 6, "values": {"res_model": PARTNERS}}),
        ),
        ("update_records", json!({"model": "ir.attachment", "record_ids": [1, 6], "values": {"name": "x"}})),
        (
            "update_record",
            json!({"model": "ir.attachment", "record_id": 1, "values": {"res_model": "hr.payslip"}}),
        ),
        (
            "create_record",
            json!({"model": "ir.attachment", "values": {"name": "x", "res_model": "hr.payslip"}}),
        ),
        ("delete_record", json!({"model": "ir.attachment", "record_id": 6})),
        ("post_message", json!({"model": PARTNERS, "record_id": 1, "body": "x", "attachment_ids": [6]})),
        ("upload_attachment", json!({"model": "hr.payslip", "record_id": 1, "name": "x", "data": "eA=="})),
    ] {
        let message = agent.refused(tool, arguments.clone()).await;
        assert!(
            message.starts_with("access denied: ") && message.contains("hr.payslip"),
            "{arguments}: {message}"
        );
    }
    let owner = agent.double.with_model("ir.attachment", |model| model.records[&6]["res_model"].clone());
    assert_eq!(owner, Some(json!("hr.payslip")));
    agent.ask("delete_record", json!({"model": "ir.attachment", "record_id": 1})).await;
}
