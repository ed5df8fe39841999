//! The tools that create, change, delete, post messages and call methods.

use odoo_double::{Behaviour, Fault};
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, double};

const FULL: &[(&str, &str)] = &[("ODOO_YOLO", "true")];

#[tokio::test]
async fn a_record_is_created_changed_and_deleted() {
    let agent = Agent::new(FULL).await;
    let created = agent
        .ask("create_record", json!({"model": PARTNERS, "values": {"name": "New", "country_id": 20}}))
        .await;
    assert_eq!(created["record"], json!({"id": 61, "display_name": "New"}));
    let url = format!("{}/web#id=61&model=res.partner&view_type=form", agent.double.url());
    assert_eq!(created["url"], url);
    let request = json!({"model": PARTNERS, "record_id": 61, "values": {"name": "Newer"}});
    assert_eq!(agent.ask("update_record", request).await["record"]["display_name"], "Newer");
    let deleted = agent.ask("delete_record", json!({"model": PARTNERS, "record_id": 61})).await;
    assert_eq!((&deleted["deleted_id"], &deleted["deleted_name"]), (&json!(61), &json!("Newer")));
    let error = agent.refused("delete_record", json!({"model": PARTNERS, "record_id": 61})).await;
    assert_eq!(error, "record not found: res.partner with id 61");
}

#[tokio::test]
async fn several_records_are_written_in_one_call() {
    let agent = Agent::new(FULL).await;
    let created = agent
        .ask("create_records", json!({"model": PARTNERS, "records": [{"name": "A"}, {"name": "B"}]}))
        .await;
    assert_eq!(created["created_count"], 2);
    assert_eq!(created["records"][1]["display_name"], "B");
    let request = json!({"model": PARTNERS, "record_ids": [61, 62, 61], "values": {"name": "C"}});
    let updated = agent.ask("update_records", request).await;
    assert_eq!((&updated["updated_count"], &updated["records"][0]["display_name"]), (&json!(2), &json!("C")));
    let writes = |method: &str| agent.methods(PARTNERS).iter().filter(|it| *it == method).count();
    assert_eq!((writes("create"), writes("write")), (1, 1));
}

#[tokio::test]
async fn invalid_writes_are_not_sent() {
    let agent = Agent::new(FULL).await;
    let many: Vec<Value> = vec![json!({"name": "x"}); 101];
    let ids: Vec<i64> = (1..=101).collect();
    for (tool, arguments, explanation) in [
        ("create_record", json!({"model": PARTNERS, "values": {}}), "values must name a field"),
        ("create_record", json!({"model": PARTNERS, "values": {"nmae": "x"}}), "has no field `nmae`"),
        (
            "create_record",
            json!({"model": PARTNERS, "values": {"country_id": "Belgium"}}),
            "the id of a record of `res.country`",
        ),
        ("create_records", json!({"model": PARTNERS, "records": []}), "the call has no records"),
        ("create_records", json!({"model": PARTNERS, "records": many}), "the call has 101 records"),
        (
            "create_records",
            json!({"model": PARTNERS, "records": [{"name": "x"}, {}]}),
            "records[1] must name a field",
        ),
        (
            "update_record",
            json!({"model": PARTNERS, "record_id": 99, "values": {"name": "x"}}),
            "record not found",
        ),
        (
            "update_records",
            json!({"model": PARTNERS, "record_ids": ids, "values": {"name": "x"}}),
            "at most 100 are allowed",
        ),
        (
            "update_records",
            json!({"model": PARTNERS, "record_ids": [1, 99], "values": {"name": "x"}}),
            "with id 99",
        ),
        (
            "update_records",
            json!({"model": PARTNERS, "values": {"name": "x"}}),
            "pass either record_ids and values",
        ),
        (
            "update_records",
            json!({"model": PARTNERS, "updates": [{"id": 1, "values": {"name": "x"}}]}),
            "need odoo 19",
        ),
        ("post_message", json!({"model": PARTNERS, "record_id": 1, "body": " "}), "body must not be empty"),
        (
            "post_message",
            json!({"model": PARTNERS, "record_id": 1, "body": "x", "attachment_ids": [99]}),
            "ir.attachment with id 99",
        ),
        ("post_message", json!({"model": "res.country", "record_id": 20, "body": "x"}), "have no messages"),
    ] {
        let message = agent.refused(tool, arguments.clone()).await;
        assert!(message.contains(explanation), "{arguments}: {message}");
    }
    let written = agent.methods(PARTNERS).into_iter().filter(|it| it == "create" || it == "write").count();
    assert_eq!(written, 0);
}

#[tokio::test]
async fn a_write_without_an_answer_is_not_retried() {
    let agent = Agent::new(FULL).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    agent.double.inject(Fault::CloseUnanswered);
    let message =
        agent.refused("create_record", json!({"model": PARTNERS, "values": {"name": "Once"}})).await;
    assert!(message.contains("may have been carried out: before you repeat it, look for it"), "{message}");
    assert!(message.contains("the domain [[\"create_uid\", \"=\", 2]] and the order `id desc`"), "{message}");
    assert_eq!(agent.double.with_model(PARTNERS, |model| model.records.len()), Some(61));
}

#[tokio::test]
async fn bodies_of_messages_are_plain_text_by_default() {
    for (version, html, stored) in [(17, false, "a < b"), (16, false, "a &lt; b"), (16, true, "a < b")] {
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, FULL).await;
        let request = json!({"model": PARTNERS, "record_id": 1, "body": "a < b", "body_is_html": html, "subtype": "comment",
                           "partner_ids": [2], "attachment_ids": [1]});
        assert_eq!(agent.ask("post_message", request).await, json!({"success": true, "message_id": 1}));
        let call = agent.double.calls().into_iter().find(|call| call.method == "message_post").unwrap();
        assert_eq!(call.arguments["body"], stored);
        assert_eq!(call.arguments["subtype_xmlid"], "mail.mt_comment");
        assert_eq!(
            (&call.arguments["partner_ids"], &call.arguments["attachment_ids"]),
            (&json!([2]), &json!([1]))
        );
    }
}

#[tokio::test]
async fn messages_keep_their_lines() {
    for (version, body, html, stored, is_html) in [
        (
            17,
            "one\ntwo < three\r\n\nfour & \"five\"",
            false,
            "one<br/>two &lt; three<br/><br/>four &amp; &quot;five&quot;",
            json!(true),
        ),
        (19, "one\ntwo", false, "one<br/>two", json!(true)),
        (17, "<p>one\ntwo</p>", true, "<p>one\ntwo</p>", json!(true)),
        (17, "one <b>", false, "one <b>", Value::Null),
        (16, "one\n<b>", false, "one<br/>&lt;b&gt;", Value::Null),
    ] {
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, FULL).await;
        let request = json!({"model": PARTNERS, "record_id": 1, "body": body, "body_is_html": html});
        agent.ask("post_message", request).await;
        let call = agent.double.calls().into_iter().find(|call| call.method == "message_post").unwrap();
        let sent = call.arguments.get("body_is_html").cloned().unwrap_or_default();
        assert_eq!((&call.arguments["body"], sent), (&json!(stored), is_html), "{version} {body}");
    }
}

#[tokio::test]
async fn methods_can_be_called_only_if_both_settings_enable_them() {
    let disabled = Agent::new(FULL).await;
    let tools = disabled.client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.name != "call_model_method"));
    let request = rmcp::model::CallToolRequestParams::new("call_model_method");
    assert!(disabled.client.call_tool(request).await.unwrap_err().to_string().contains("there is no tool"));

    let agent = Agent::new(&[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")]).await;
    let request = json!({"model": PARTNERS, "method": "message_post", "arguments": [[1]], "keyword_arguments": {"body": "x"}});
    assert_eq!(agent.ask("call_model_method", request).await["result"], 1);
    for (model, method) in
        [(PARTNERS, "write"), (PARTNERS, "web_save"), (PARTNERS, "_write"), ("ir.cron", "toggle")]
    {
        agent.refused("call_model_method", json!({"model": model, "method": method})).await;
    }
    assert!(!agent.methods(PARTNERS).contains(&"write".to_owned()));
}

#[tokio::test]
async fn a_method_that_asks_for_another_step_is_not_a_success() {
    let agent = Agent::new(&[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")]).await;
    let wizard = json!({"type": "ir.actions.act_window", "name": "Register Payment", "target": "new",
                        "res_model": "account.payment.register", "views": [[false, "form"]]});
    let page = json!({"type": "ir.actions.act_url", "url": "/x"});
    agent.double.with_model(PARTNERS, |model| {
        model.answers.insert("action_pay".into(), wizard.clone());
        model.answers.insert("action_show".into(), page);
        model.answers.insert("action_confirm".into(), json!(true));
        model.answers.insert("action_info".into(), json!({"type": "contact", "name": "x"}));
        let closed = json!({"type": "ir.actions.act_window_close"});
        model.answers.insert("action_done".into(), closed);
        let untyped = json!({"res_model": "x.wizard", "view_mode": "form", "target": "new"});
        model.answers.insert("action_untyped".into(), untyped);
        for (method, kind) in [("action_tell", "success"), ("action_warn", "warning")] {
            let shown = json!({"type": "ir.actions.client", "tag": "display_notification",
                               "params": {"type": kind, "title": "Mail", "message": "3 sent"}});
            model.answers.insert(method.into(), shown);
        }
    });
    let call = async |method: &str| {
        let request = json!({"model": PARTNERS, "method": method, "arguments": [[1]]});
        agent.ask("call_model_method", request).await
    };
    let payment = call("action_pay").await;
    assert_eq!((&payment["success"], &payment["result"]), (&json!(false), &wizard));
    let message = payment["message"].as_str().unwrap();
    assert!(message.contains("the wizard \"Register Payment\" on `account.payment.register`"), "{message}");
    assert!(message.contains("nothing may have happened yet"), "{message}");
    let shown = call("action_show").await;
    assert_eq!(shown["success"], false);
    assert!(shown["message"].as_str().unwrap().contains("the action (ir.actions.act_url)"), "{shown}");
    for method in ["action_confirm", "action_info", "action_done"] {
        assert_eq!(call(method).await["success"], true, "{method}");
    }
    assert_eq!(call("action_untyped").await["success"], false);
    agent.double.with_model(PARTNERS, |model| {
        model.answers.insert("action_no".into(), json!(false));
        model
            .answers
            .insert("action_odd".into(), json!({"warning": {"title": "Stock", "message": "Too little"}}));
    });
    let no = call("action_no").await;
    assert_eq!(
        (&no["success"], &no["message"]),
        (&json!(true), &json!("called res.partner.action_no, and it returned false"))
    );
    let odd = call("action_odd").await;
    let message = json!("called res.partner.action_odd, and odoo warns: Too little");
    assert_eq!((&odd["success"], &odd["message"]), (&json!(false), &message));
    for (method, success) in [("action_tell", true), ("action_warn", false)] {
        let answer = call(method).await;
        assert_eq!(answer["success"], success, "{method}");
        assert!(answer["message"].as_str().unwrap().ends_with(", and odoo says: Mail: 3 sent"), "{answer}");
    }
}

/// Methods that override `write` may forget to return its result.
#[tokio::test]
async fn a_write_that_returns_null_is_a_success() {
    for (version, key) in [(17, ""), (17, "<key of admin>"), (19, "<key of admin>")] {
        let settings = [("ODOO_YOLO", "true"), ("ODOO_API_KEY", key)];
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, &settings).await;
        agent.double.with_model(PARTNERS, |model| {
            model.answers.extend([("write".into(), Value::Null), ("unlink".into(), Value::Null)]);
        });
        let update = json!({"model": PARTNERS, "record_id": 1, "values": {"name": "x"}});
        assert_eq!(agent.ask("update_record", update).await["success"], true, "{version}");
        let delete = json!({"model": PARTNERS, "record_id": 1});
        assert_eq!(agent.ask("delete_record", delete).await["success"], true, "{version}");
        agent.double.with_model(PARTNERS, |model| model.answers.insert("message_post".into(), Value::Null));
        let message =
            agent.refused("post_message", json!({"model": PARTNERS, "record_id": 1, "body": "x"})).await;
        assert!(message.contains("may have been carried out"), "{message}");
    }
}

#[tokio::test]
async fn a_write_that_returns_false_is_not_a_success() {
    for version in [17, 19] {
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, FULL).await;
        agent.double.with_model(PARTNERS, |model| {
            model.answers.extend(["write", "unlink", "web_save_multi"].map(|it| (it.into(), json!(false))));
        });
        let values = json!({"name": "x"});
        let mut calls = vec![
            (
                "update_record",
                json!({"model": PARTNERS, "record_id": 1, "values": values}),
                "updated res.partner record 1",
            ),
            (
                "update_records",
                json!({"model": PARTNERS, "record_ids": [1, 2], "values": values}),
                "updated 2 res.partner",
            ),
            ("delete_record", json!({"model": PARTNERS, "record_id": 1}), "deleted res.partner record 1"),
        ];
        if version == 19 {
            let updates = json!([{"id": 1, "values": values}]);
            calls.push((
                "update_records",
                json!({"model": PARTNERS, "updates": updates}),
                "updated 1 res.partner",
            ));
        }
        for (tool, arguments, what) in calls {
            let answer = agent.ask(tool, arguments).await;
            assert_eq!(answer["success"], false, "{tool}");
            let message = answer["message"].as_str().unwrap();
            assert!(
                message.starts_with(&format!("odoo returned false, so it may not have {what}")),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_reported_with_a_way_to_check_the_outcome() {
    for (tool, arguments, check) in [
        (
            "update_record",
            json!({"model": PARTNERS, "record_id": 1, "values": {"name": "x"}}),
            "[[\"id\", \"in\", [1]]]",
        ),
        (
            "post_message",
            json!({"model": PARTNERS, "record_id": 1, "body": "x"}),
            "search_records on `mail.message`",
        ),
        (
            "create_records",
            json!({"model": PARTNERS, "records": [{"name": "x"}]}),
            "look for it with search_records",
        ),
    ] {
        let agent = Agent::new(FULL).await;
        agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1})).await;
        if tool != "create_records" {
            // The first request checks whether the record exists.
            agent.double.inject(Fault::Trickle(std::time::Duration::ZERO));
        }
        agent.double.inject(Fault::CloseUnanswered);
        let message = agent.refused(tool, arguments).await;
        assert!(
            message.contains("may have been carried out: before you repeat it") && message.contains(check),
            "{message}"
        );
    }
    // A write that did not reach the server was not carried out.
    let agent = Agent::new(FULL).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    agent.double.set_down(true);
    let message = agent.refused("create_record", json!({"model": PARTNERS, "values": {"name": "x"}})).await;
    assert!(!message.contains("may have been carried out") || message.contains("ended before"), "{message}");
}
