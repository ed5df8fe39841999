//! Lists of models and resource templates, the current context, and the counters.

use odoo_double::Behaviour;
use serde_json::{Value, json};

use crate::support::{Agent, double, text};

#[tokio::test]
async fn the_model_list_takes_one_request_and_is_cached() {
    let agent = Agent::new(&[("ODOO_YOLO", "true")]).await;
    agent.ask("get_current_context", json!({})).await;
    let before = agent.seen();
    let listed = agent.ask("list_models", json!({})).await;
    assert_eq!(agent.seen() - before, 1);
    let names: Vec<&str> =
        listed["models"].as_array().unwrap().iter().filter_map(|it| it["model"].as_str()).collect();
    assert!(names.len() > 200 && names.contains(&"res.partner") && names.contains(&"ir.attachment"));
    assert!(!names.contains(&"ir.ui.view") && !names.contains(&"base"));
    assert_eq!(
        listed["yolo_mode"]["operations"],
        json!({"read": true, "write": true, "create": true, "unlink": true})
    );
    assert_eq!((&listed["total"], &listed["error"]), (&json!(names.len()), &Value::Null));
    agent.ask("list_models", json!({})).await;
    assert_eq!(agent.seen() - before, 1);
}

#[tokio::test]
async fn the_rules_are_loaded_concurrently_and_cached() {
    let round_trip = std::time::Duration::from_millis(100);
    let behaviour = Behaviour { round_trip, ..Behaviour::default() };
    let double = double(behaviour).await;
    double.set_rules(Some(&[
        ("res.partner", &["read", "write"]),
        ("res.country", &["read"]),
        ("hr.payslip", &[]),
    ]));
    let agent = Agent::with(double, &[]).await;
    let listed = agent.ask("list_models", json!({})).await;
    assert_eq!(listed["total"], 3);
    let operations = |model: &str| {
        let models = listed["models"].as_array().unwrap();
        models.iter().find(|it| it["model"] == model).unwrap()["operations"].clone()
    };
    assert_eq!(
        operations("res.partner"),
        json!({"read": true, "write": true, "create": false, "unlink": false})
    );
    assert_eq!(
        operations("hr.payslip"),
        json!({"read": false, "write": false, "create": false, "unlink": false})
    );
    assert_eq!(listed["yolo_mode"], Value::Null);
    assert!(agent.double.most_running() >= 3, "the rules were loaded sequentially");
    let before = agent.seen();
    agent.ask("list_models", json!({})).await;
    agent.ask("list_resource_templates", json!({})).await;
    assert_eq!(agent.seen(), before);
}

#[tokio::test]
async fn the_context_has_the_user_and_the_companies() {
    let agent = Agent::new(&[("ODOO_YOLO", "read")]).await;
    let context = agent.ask("get_current_context", json!({})).await;
    assert_eq!(context["login"], "admin");
    assert_eq!(
        context["allowed_companies"],
        json!([{"id": 1, "name": "San Francisco"}, {"id": 2, "name": "Chicago"}])
    );
    assert!(
        context["text"]
            .as_str()
            .unwrap()
            .starts_with("User: Mitchell Admin (login admin)\nTime zone: Europe/Brussels\n")
    );

    let settings = [("ODOO_YOLO", "read"), ("ODOO_USER", "demo"), ("ODOO_ALLOWED_COMPANIES", "2")];
    let confined = Agent::new(&settings).await;
    let context = confined.ask("get_current_context", json!({})).await;
    assert_eq!((&context["company_id"], &context["company_name"]), (&json!(2), &json!("Chicago")));
    assert!(context["text"].as_str().unwrap().starts_with("User: Marc Demo"), "a name takes one line");
    let calls = confined.double.calls();
    let models = calls.iter().filter(|call| call.method == "read");
    assert!(models.clone().count() > 0);
    for call in models {
        assert_eq!(call.arguments["context"]["allowed_company_ids"], json!([2]), "{call:?}");
    }
    let other_company = json!({"model": "res.partner", "context": {"allowed_company_ids": [1]}});
    assert!(confined.refused("search_records", other_company).await.contains("company 1"));
    let foreign_company = json!({"model": "res.partner", "context": {"allowed_company_ids": [2, 3]}});
    assert!(agent.refused("search_records", foreign_company).await.contains("company 3"));
}

#[tokio::test]
async fn the_tool_and_the_protocol_list_the_same_templates() {
    let agent = Agent::new(&[("ODOO_YOLO", "read")]).await;
    let answer = agent.ask("list_resource_templates", json!({})).await;
    let templates: Vec<&str> =
        answer["templates"].as_array().unwrap().iter().filter_map(|it| it["uri_template"].as_str()).collect();
    assert_eq!(
        templates,
        [
            "odoo://{model}/record/{record_id}",
            "odoo://{model}/search",
            "odoo://{model}/count",
            "odoo://{model}/fields",
            "odoo://{model}/record/{record_id}/{field}",
            "odoo://attachment/{attachment_id}"
        ]
    );
    let listed = agent.client.list_all_resource_templates().await.unwrap();
    assert_eq!(listed.iter().map(|it| it.uri_template.as_str()).collect::<Vec<_>>(), templates);
}

#[tokio::test]
async fn all_counters_are_returned_and_documented() {
    let agent = Agent::new(&[("ODOO_YOLO", "read"), ("ODOO_MCP_ENABLE_STATS", "true")]).await;
    let request = json!({"model": "res.partner"});
    agent.ask("get_fields", request.clone()).await;
    agent.ask("get_fields", request).await;
    let stats = agent.ask("get_stats", json!({})).await;
    assert_eq!(stats["pool"]["requests"], json!(agent.seen()));
    assert_eq!(
        (&stats["metadata"]["fields"]["hits"], &stats["metadata"]["fields"]["loads"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(stats["metadata"]["hit_rate"], json!(0.5));
    for (part, counter) in
        [("pool", "bytes_saved"), ("reads", "requests_saved"), ("rules", "total"), ("pool", "retries")]
    {
        assert!(!stats[part][counter].is_null(), "{part}.{counter}");
    }
    assert!(text(&agent.call("get_stats", json!({})).await).contains("requests: "));
    let manual = include_str!("../../../../docs/odoo.md");
    let mut parts = vec![&stats];
    while let Some(part) = parts.pop() {
        for (name, value) in part.as_object().into_iter().flatten() {
            assert!(manual.contains(&format!("`{name}`")), "{name} is not documented");
            parts.push(value);
        }
    }
}
