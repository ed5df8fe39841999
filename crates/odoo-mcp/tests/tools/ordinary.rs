//! An ordinary user: unreadable fields are learned from the first refusal, and cause no requests later.

use odoo_double::{Behaviour, GUARDED, Model, OdooDouble};
use serde_json::{Value, json};

use crate::support::{Agent, double};

/// A double with models that an ordinary user can read only partly, as in each version of Odoo.
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
async fn later_reads_of_default_fields_take_one_request() {
    for version in [17, 18, 19] {
        for by_key in [false, true] {
            let agent = agent(version, by_key).await;
            for model in GUARDED {
                // The record of another user: a user may read more fields of the own record.
                let id = if model == "res.users" { 6 } else { 7 };
                let get = json!({"model": model, "record_id": id});
                let search = json!({"model": model, "domain": [["name", "=", "Record"]]});
                let (first, found) = (
                    agent.ask("get_record", get.clone()).await,
                    agent.ask("search_records", search.clone()).await,
                );
                let before = agent.seen();
                assert_eq!(agent.ask("get_record", get).await, first, "later answers are the same");
                assert_eq!(agent.seen() - before, 1, "get_record {model} {version} {by_key}");
                assert_eq!(agent.ask("search_records", search).await, found);
                assert_eq!(agent.seen() - before, 2, "search_records {model} {version} {by_key}");
                assert_eq!(first["record"]["name"], "Record");
            }
        }
    }
}

#[tokio::test]
async fn the_first_read_takes_a_bounded_number_of_requests() {
    for version in [17, 18, 19] {
        let agent = agent(version, false).await;
        for (model, maximum) in
            [("hr.employee", 4), ("res.users", 4), ("res.partner", 2), ("project.task", 2)]
        {
            agent.ask("get_record", json!({"model": "res.country", "record_id": 20})).await;
            let before = agent.seen();
            agent.ask("get_record", json!({"model": model, "record_id": 6})).await;
            assert!(agent.seen() - before <= maximum, "{model} {version}: {}", agent.seen() - before);
        }
    }
}

#[tokio::test]
async fn learned_fields_outlive_the_cached_definitions() {
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
async fn fields_that_become_guarded_later_are_learned_at_once() {
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
        // Another field, after the permissions of the groups are known.
        agent.double.with_model("x.later", |model| model.guarded.insert("name".into()));
        let before = agent.seen();
        agent.ask("get_record", get.clone()).await;
        assert_eq!(agent.seen() - before, 3, "{version}");
    }
}

#[tokio::test]
async fn all_fields_means_all_readable_fields() {
    for version in [17, 18, 19] {
        let agent = agent(version, true).await;
        for (model, skipped) in [
            ("hr.employee", json!(["km_home_work", "private_phone"])),
            ("res.partner", json!(["payment_token_ids"])),
            ("sale.order", json!(["amount_total"])),
        ] {
            let request = json!({"model": model, "record_id": 7, "fields": ["__all__"]});
            let answer = agent.ask("get_record", request.clone()).await;
            assert_eq!(answer["skipped_fields"], skipped, "{model} {version}");
            let before = agent.seen();
            agent.ask("get_record", request).await;
            assert_eq!(agent.seen() - before, 1, "{model} {version}");
        }
        let named = json!({"model": "hr.employee", "record_id": 7, "fields": ["name", "private_phone"]});
        assert!(
            agent.refused("get_record", named).await.contains("private_phone"),
            "a field that the call names is not skipped"
        );
    }
}

#[tokio::test]
async fn a_user_reads_the_own_record() {
    for version in [17, 18, 19] {
        let agent = agent(version, false).await;
        let record = agent.ask("get_record", json!({"model": "res.users", "record_id": 7})).await;
        assert_eq!(record["record"]["email"], "record@example.com", "{version}");
        let all = json!({"model": "res.users", "record_id": 7, "fields": ["__all__"]});
        assert_eq!(agent.ask("get_record", all).await["record"]["email"], "record@example.com");
        let named = json!({"model": "res.users", "record_id": 7, "fields": ["phone", "state"]});
        assert_eq!(agent.ask("get_record", named).await["record"]["phone"], false);
    }
}

#[tokio::test]
async fn the_model_list_has_the_readable_models() {
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
        assert!(
            names.contains(&"hr.employee"),
            "employees are readable through the public profile: {names:?}"
        );
        assert_eq!(listed["error"], Value::Null);
        assert!(listed["models"][0].get("operations").is_none(), "an empty column");
        let before = agent.seen();
        let found = agent.ask("list_models", json!({"search": "Sale"})).await;
        assert_eq!(found["models"], json!([{"model": "sale.order", "name": "Label of sale.order"}]));
        assert_eq!((&found["total"], agent.seen()), (&json!(1), before));
    }
}
