//! An ordinary user: fields that it may not read are known after the first refusal, and cost nothing from
//! then on.

use odoo_double::{Behaviour, Model, OdooDouble};
use serde_json::{Value, json};

use crate::support::{Agent, double};

const MODELS: [&str; 5] = ["hr.employee", "res.users", "res.partner", "sale.order", "project.task"];

fn relation(model: &mut Model, field: &str, to: &str) {
    model.fields.get_mut(field).unwrap()["relation"] = json!(to);
}

fn with_record(mut model: Model, id: i64) -> Model {
    model.insert(id, &json!({"name": "Record", "email": "record@example.com"}));
    model
}

/// A double with what keeps an ordinary user from reading whole records, as each version has it.
async fn guarded(version: u32) -> OdooDouble {
    let double = double(Behaviour { version, ..Behaviour::default() }).await;
    let mut employee = Model::with_fields(&[
        ("name", "char"),
        ("work_email", "char"),
        ("private_phone", "char"),
        ("barcode", "char"),
        ("km_home_work", "integer"),
        ("state", "selection"),
    ]);
    employee.off_profile = ["km_home_work", "private_phone"].map(str::to_owned).into();
    employee.guarded = ["barcode".to_owned()].into();
    double.put_model("hr.employee", with_record(with_record(employee, 6), 7));
    let mut user = Model::with_fields(&[
        ("name", "char"),
        ("login", "char"),
        ("email", "char"),
        ("phone", "char"),
        ("state", "selection"),
        ("city", "char"),
        ("private_street", "char"),
        ("company_ids", "many2many"),
        ("res_users_settings_ids", "one2many"),
    ]);
    user.of_oneself = ["state", "private_street", "phone"].map(str::to_owned).into();
    user.guarded = ["city".to_owned()].into();
    relation(&mut user, "company_ids", "res.company");
    relation(&mut user, "res_users_settings_ids", "res.users.settings");
    double.put_model("res.users", with_record(with_record(user, 6), 7));
    let mut partner = Model::with_fields(&[
        ("name", "char"),
        ("email", "char"),
        ("total_invoiced", "monetary"),
        ("credit", "monetary"),
        ("payment_token_ids", "one2many"),
        ("user_ids", "one2many"),
    ]);
    partner.guarded = ["credit", "total_invoiced"].map(str::to_owned).into();
    relation(&mut partner, "payment_token_ids", "payment.token");
    relation(&mut partner, "user_ids", "res.users");
    double.put_model("res.partner", with_record(with_record(partner, 6), 7));
    // A field that stumbles inside: nothing in the definitions or in the refusal says so.
    let mut order =
        Model::with_fields(&[("name", "char"), ("state", "selection"), ("amount_total", "monetary")]);
    order.refused = ["amount_total".to_owned()].into();
    double.put_model("sale.order", with_record(order, 7));
    let task =
        Model::with_fields(&[("name", "char"), ("stage_id", "many2one"), ("date_deadline", "datetime")]);
    double.put_model("project.task", with_record(with_record(task, 6), 7));
    for closed in ["payment.token", "res.users.settings"] {
        double.put_model(closed, Model { closed: true, ..Model::with_fields(&[("name", "char")]) });
    }
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
            for model in MODELS {
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
        assert_eq!(listed["error"], Value::Null);
        assert!(listed["models"][0].get("operations").is_none(), "no empty column");
        let before = agent.seen();
        let found = agent.ask("list_models", json!({"search": "Sale"})).await;
        assert_eq!(found["models"], json!([{"model": "sale.order", "name": "Label of sale.order"}]));
        assert_eq!((&found["total"], agent.seen()), (&json!(1), before));
    }
}
