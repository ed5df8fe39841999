//! An ordinary user: fields that it may not read are known after the first refusal, and cost nothing from
//! then on.

use odoo_double::{Behaviour, GUARDED, Model, OdooDouble};
use serde_json::{Value, json};

use crate::support::{Agent, double};

/// A double with what keeps an ordinary user from reading whole records, as each version has it.
async fn guarded(version: u32) -> OdooDouble {
    let double = double(Behaviour { version, ..Behaviour::default() }).await;
    double.put_guarded_models();
    double
}

async fn agent(version: u32, by_key: bool) -> Agent {
    let credential = if by_key { ("ODOO_API_KEY", "<key of ana>") } else { ("ODOO_PASSWORD", "<password>") };
    Agent::with(guarded(version).await, &[("ODOO_YOLO", "true"), ("ODOO_USER", "ana"), credential]).await
}

#[tokio::test]
async fn usual_fields_take_one_request_once_they_are_known() {
    for version in [17, 18, 19] {
        for by_key in [false, true] {
            let agent = agent(version, by_key).await;
            for model in GUARDED {
                // Another user's record: of its own it may read more.
                let id = if model == "res.users" { 6 } else { 7 };
                let get = json!({"model": model, "record_id": id});
                let search = json!({"model": model, "domain": [["name", "=", "Record"]]});
                let (cold, found) = (
                    agent.ask("get_record", get.clone()).await,
                    agent.ask("search_records", search.clone()).await,
                );
                let before = agent.seen();
                assert_eq!(agent.ask("get_record", get).await, cold, "warm and cold are the same");
                assert_eq!(agent.seen() - before, 1, "get_record {model} {version} {by_key}");
                assert_eq!(agent.ask("search_records", search).await, found);
                assert_eq!(agent.seen() - before, 2, "search_records {model} {version} {by_key}");
                assert_eq!(cold["record"]["name"], "Record");
            }
        }
    }
}

#[tokio::test]
async fn the_first_read_asks_a_bounded_number_of_times() {
    for version in [17, 18, 19] {
        let agent = agent(version, false).await;
        for (model, most) in [("hr.employee", 4), ("res.users", 4), ("res.partner", 2), ("project.task", 2)] {
            agent.ask("get_record", json!({"model": "res.country", "record_id": 20})).await;
            let before = agent.seen();
            agent.ask("get_record", json!({"model": model, "record_id": 6})).await;
            assert!(agent.seen() - before <= most, "{model} {version}: {}", agent.seen() - before);
        }
    }
}

#[tokio::test]
async fn what_was_learnt_outlives_the_definitions_that_it_was_learnt_of() {
    let settings = [
        ("ODOO_YOLO", "true"),
        ("ODOO_USER", "ana"),
        ("ODOO_API_KEY", "<key of ana>"),
        ("ODOO_MCP_CACHE_TTL", "1"),
    ];
    for version in [17, 18, 19] {
        let agent = Agent::with(guarded(version).await, &settings).await;
        let get =
            |model: &str| json!({"model": model, "record_id": if model == "res.users" { 6 } else { 7 }});
        for model in GUARDED {
            agent.ask("get_record", get(model)).await;
        }
        tokio::time::sleep(core::time::Duration::from_millis(1_100)).await;
        for model in GUARDED {
            let before = agent.double.calls().len();
            agent.ask("get_record", get(model)).await;
            let calls = agent.double.calls().split_off(before);
            let methods: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
            assert_eq!(methods, ["fields_get", "read"], "{model} {version}");
        }
    }
}

#[tokio::test]
async fn fields_that_become_guarded_later_are_learnt_at_once() {
    const LATER: [&str; 12] = [
        "state", "stage_id", "ref", "number", "code", "email", "phone", "mobile", "amount", "total", "city",
        "street",
    ];
    for version in [17, 18, 19] {
        let agent = agent(version, true).await;
        let mut fields: Vec<(&str, &str)> = LATER.iter().map(|name| (*name, "char")).collect();
        fields.extend([("name", "char"), ("display_name", "char")]);
        let mut later = Model::with_fields(&fields);
        later.insert(7, &json!({"name": "Record"}));
        agent.double.put_model("x.later", later);
        let get = json!({"model": "x.later", "record_id": 7});
        let all = agent.ask("get_record", get.clone()).await;
        assert_eq!(all["skipped_fields"], Value::Null);
        agent.double.with_model("x.later", |model| model.guarded = LATER.map(str::to_owned).into());
        for requests in [3, 1] {
            let before = agent.seen();
            let rest = agent.ask("get_record", get.clone()).await;
            assert_eq!(agent.seen() - before, requests, "{version}");
            assert_eq!((&rest["record"]["name"], &rest["record"]["city"]), (&json!("Record"), &Value::Null));
        }
        // Some more, after the groups have been asked.
        agent.double.with_model("x.later", |model| model.guarded.insert("name".into()));
        let before = agent.seen();
        agent.ask("get_record", get.clone()).await;
        assert_eq!(agent.seen() - before, 3, "{version}");
    }
}

#[tokio::test]
async fn all_fields_are_those_that_the_user_may_read() {
    for version in [17, 18, 19] {
        let agent = agent(version, true).await;
        for (model, skipped) in [
            ("hr.employee", json!(["km_home_work", "private_phone"])),
            ("res.partner", json!(["payment_token_ids"])),
            ("sale.order", json!(["amount_total"])),
        ] {
            let asked = json!({"model": model, "record_id": 7, "fields": ["__all__"]});
            let answer = agent.ask("get_record", asked.clone()).await;
            assert_eq!(answer["skipped_fields"], skipped, "{model} {version}");
            let before = agent.seen();
            agent.ask("get_record", asked).await;
            assert_eq!(agent.seen() - before, 1, "{model} {version}");
        }
        let named = json!({"model": "hr.employee", "record_id": 7, "fields": ["name", "private_phone"]});
        assert!(agent.refused("get_record", named).await.contains("private_phone"), "who names it is told");
    }
}

#[tokio::test]
async fn a_users_own_record_is_read() {
    for version in [17, 18, 19] {
        let agent = agent(version, false).await;
        let own = agent.ask("get_record", json!({"model": "res.users", "record_id": 7})).await;
        assert_eq!(own["record"]["email"], "record@example.com", "{version}");
        let all = json!({"model": "res.users", "record_id": 7, "fields": ["__all__"]});
        assert_eq!(agent.ask("get_record", all).await["record"]["email"], "record@example.com");
        let named = json!({"model": "res.users", "record_id": 7, "fields": ["phone", "state"]});
        assert_eq!(agent.ask("get_record", named).await["record"]["phone"], false);
    }
}

#[tokio::test]
async fn the_models_are_those_that_the_user_may_read() {
    for version in [17, 18, 19] {
        let double = guarded(version).await;
        let fields = Model::with_fields(&[("model", "char"), ("name", "char"), ("transient", "boolean")]);
        double.put_model("ir.model", Model { closed: true, ..fields });
        let settings = [("ODOO_YOLO", "read"), ("ODOO_USER", "ana"), ("ODOO_API_KEY", "<key of ana>")];
        let agent = Agent::with(double, &settings).await;
        let listed = agent.ask("list_models", json!({})).await;
        let names: Vec<&str> =
            listed["models"].as_array().unwrap().iter().map(|it| it["model"].as_str().unwrap()).collect();
        assert!(names.contains(&"sale.order") && !names.contains(&"payment.token"), "{version}: {names:?}");
        assert!(names.contains(&"hr.employee"), "it can be read through the public profile: {names:?}");
        assert_eq!(listed["error"], Value::Null);
        assert!(listed["models"][0].get("operations").is_none(), "no empty column");
        let before = agent.seen();
        let found = agent.ask("list_models", json!({"search": "Sale"})).await;
        assert_eq!(found["models"], json!([{"model": "sale.order", "name": "Label of sale.order"}]));
        assert_eq!((&found["total"], agent.seen()), (&json!(1), before));
    }
}
