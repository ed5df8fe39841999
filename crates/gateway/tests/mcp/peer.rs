//! Compares `orgcache mcp` with mcp-server-odoo, each on its own double of Odoo: the same rights, the same
//! answers.

use odoo_double::{Behaviour, Model, OdooDouble};
use serde_json::{Map, Value, json};

use crate::python::{drive, python};
use crate::support::{PARTNERS, double};

/// Models, the id of a record, and the operations that the add-on allows. `None` if the model is not enabled.
const RULES: &[(&str, i64, Option<&[&str]>)] = &[
    (PARTNERS, 1, Some(&["read", "write"])),
    ("res.country", 20, Some(&["read", "create"])),
    ("res.partner.category", 7, Some(&["read", "write", "create", "unlink"])),
    ("hr.payslip", 1, Some(&[])),
    ("res.company", 1, Some(&["read", "unlink"])),
    ("res.users", 6, None),
    ("no.such.model", 1, None),
];

/// Members with texts for people. Their wording may differ.
const WORDS: &[&str] = &["message", "note", "text", "description", "warning", "parameters"];

/// Settings with the administrator's password and a mode.
fn in_mode(mode: &str) -> Value {
    json!({"ODOO_DB": "odoo", "ODOO_USER": "admin", "ODOO_PASSWORD": "<password>", "ODOO_YOLO": mode,
           "ODOO_MCP_ENABLE_METHOD_CALLS": "true"})
}

/// Makes the same calls to both servers. Returns their answers and doubles, those of orgcache first.
async fn ask_both(settings: &Value, calls: &Value) -> [(Vec<Value>, OdooDouble); 2] {
    let own = (env!("CARGO_BIN_EXE_orgcache").to_owned(), json!(["mcp"]));
    let peer = (python(), json!(["-m", "mcp_server_odoo"]));
    let ask = async |(command, args)| {
        let double = double_with_rules().await;
        let mut env = settings.clone();
        env["ODOO_URL"] = double.url().into();
        let task = json!({"command": command, "args": args, "mode": "auto", "calls": calls, "env": env});
        let result = drive(&task).await;
        (result["answers"].as_array().unwrap().clone(), double)
    };
    [ask(own).await, ask(peer).await]
}

async fn double_with_rules() -> OdooDouble {
    let double = double(Behaviour::default()).await;
    let allowed = RULES.iter().filter_map(|(model, _, allowed)| Some((*model, (*allowed)?)));
    double.set_rules(Some(&allowed.collect::<Vec<_>>()));
    let fields = [("model", "char"), ("name", "char"), ("transient", "boolean"), ("display_name", "char")];
    let mut models = Model::with_fields(&fields);
    // The double returns records in insertion order, so insert them sorted.
    let mut names: Vec<&str> = RULES.iter().map(|(model, ..)| *model).collect();
    names.sort_unstable();
    for (id, model) in (1..).zip(names) {
        let name = format!("Label of {model}");
        models.insert(id, &json!({"model": model, "name": name, "transient": false}));
    }
    double.put_model("ir.model", models);
    double
}

/// An answer without texts for people and without null members.
fn without_texts(answer: &Value) -> Value {
    match answer {
        Value::Object(members) => {
            let compared =
                members.iter().filter(|(name, value)| !WORDS.contains(&&***name) && !value.is_null());
            Value::Object(
                compared.map(|(name, value)| (name.clone(), without_texts(value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(values) => values.iter().map(without_texts).collect(),
        value => value.clone(),
    }
}

/// The records of a double's models.
fn records(double: &OdooDouble) -> Vec<Value> {
    let records = RULES.iter().filter_map(|(model, ..)| {
        double.with_model(model, |model| json!(model.records.values().collect::<Vec<_>>()))
    });
    records.collect()
}

#[tokio::test]
async fn the_addons_rules_give_both_servers_the_same_rights() {
    let attempts = |(model, id, _): &(&str, i64, _)| {
        let (model, id) = (*model, *id);
        [
            json!(["search_records", {"model": model, "fields": ["name"]}]),
            json!(["get_record", {"model": model, "record_id": id, "fields": ["name"]}]),
            json!(["get_fields", {"model": model}]),
            json!(["aggregate_records", {"model": model}]),
            json!(["create_record", {"model": model, "values": {"name": "new"}}]),
            json!(["create_records", {"model": model, "records": [{"name": "newer"}]}]),
            json!(["update_record", {"model": model, "record_id": id, "values": {"name": "changed"}}]),
            json!(["update_records", {"model": model, "record_ids": [id], "values": {"name": "again"}}]),
            json!(["delete_record", {"model": model, "record_id": id}]),
        ]
    };
    let mut calls: Vec<Value> = RULES.iter().flat_map(attempts).collect();
    calls.push(json!(["list_models", {}]));
    let [(own, own_double), (peer, peer_double)] = ask_both(&in_mode("off"), &json!(calls)).await;
    assert_eq!((own.len(), peer.len()), (calls.len(), calls.len()));
    let mut allowed = 0;
    for ((call, own), peer) in calls.iter().zip(&own).zip(&peer) {
        assert_eq!(own["is_error"], peer["is_error"], "{call}: {own} and {peer}");
        allowed += usize::from(own["is_error"] == false);
    }
    // Per model four attempts read, two create, two change, one deletes. The list of models is one more.
    assert_eq!(allowed, (4 + 2) + (4 + 2) + 9 + (4 + 1) + 1);
    let models = |answers: &[Value]| {
        let mut models = answers.last().unwrap()["structured"]["models"].as_array().unwrap().clone();
        models.sort_by_key(|model| model["model"].to_string());
        models
    };
    assert_eq!(models(&own), models(&peer));
    assert_eq!(records(&own_double), records(&peer_double));
}

#[tokio::test]
async fn both_servers_answer_the_same() {
    let every_kind = ["name", "country_id", "category_id", "date", "image_128", "credit", "email"];
    let calls = json!([
        ["search_records", {"model": PARTNERS, "limit": 2}],
        ["search_records", {"model": PARTNERS, "limit": 200, "fields": ["name"], "offset": 58}],
        ["search_records", {"model": PARTNERS, "limit": 0, "fields": ["name"]}],
        ["search_records", {"model": PARTNERS, "domain": "[[\"id\", \"=\", 6]]", "fields": every_kind}],
        ["get_record", {"model": PARTNERS, "record_id": 2}],
        ["get_record", {"model": PARTNERS, "record_id": 2, "fields": ["__all__"]}],
        ["get_record", {"model": PARTNERS, "record_id": 2, "fields": every_kind}],
        ["get_record", {"model": PARTNERS, "record_id": 999}],
        ["get_fields", {"model": PARTNERS}],
        ["get_fields", {"model": PARTNERS, "field_names": ["country_id", "unheard_of"]}],
        ["get_fields", {"model": PARTNERS, "field_names": ["country_id"], "attributes": ["type", "store"]}],
        ["get_current_context", {}],
        ["list_models", {}],
        ["list_resource_templates", {}],
        ["create_record", {"model": PARTNERS, "values": {"name": "x", "country_id": 20}}],
        ["create_records", {"model": PARTNERS, "records": [{"name": "y"}, {"name": "z"}]}],
        ["update_record", {"model": PARTNERS, "record_id": 3, "values": {"name": "changed"}}],
        ["update_records", {"model": PARTNERS, "record_ids": [3, 4], "values": {"name": "changed"}}],
        ["update_record", {"model": PARTNERS, "record_id": 999, "values": {"name": "changed"}}],
        ["post_message", {"model": PARTNERS, "record_id": 1, "body": "hello"}],
        ["list_record_attachments", {"model": PARTNERS, "record_id": 1}],
        ["read_attachment", {"attachment_id": 1}],
        ["read_attachment", {"attachment_id": 2}],
        ["read_attachment", {"attachment_id": 3}],
        ["read_attachment", {"attachment_id": 4}],
        ["read_attachment", {"attachment_id": 5}],
        ["upload_attachment", {"model": PARTNERS, "record_id": 1, "name": "n.txt", "data": "eA=="}],
        ["aggregate_records", {"model": PARTNERS, "groupby": ["country_id"], "aggregates": ["__count", "credit:sum"]}],
        ["aggregate_records", {"model": PARTNERS}],
        ["delete_record", {"model": PARTNERS, "record_id": 5}],
        ["call_model_method", {"model": PARTNERS, "method": "message_post", "arguments": [[2]],
                               "keyword_arguments": {"body": "x"}}],
    ]);
    let [(own, own_double), (peer, peer_double)] = ask_both(&in_mode("true"), &calls).await;
    let without_address = |answer: &Value, double: &OdooDouble| -> Value {
        serde_json::from_str(&without_texts(answer).to_string().replace(&double.url(), "http://odoo"))
            .unwrap()
    };
    for ((call, own), peer) in calls.as_array().unwrap().iter().zip(&own).zip(&peer) {
        let mut own = own.clone();
        if let ("search_records", Some(page)) = (call[0].as_str().unwrap(), own["structured"].as_object_mut())
        {
            // The peer does not report whether there is another page.
            assert!(page.remove("has_more").is_some() && page.remove("next_offset").is_some());
        }
        let own = &own;
        assert_eq!(without_address(own, &own_double), without_address(peer, &peer_double), "{call}");
    }
    assert_eq!((own.len(), peer.len()), (31, 31));
    assert_eq!(records(&own_double), records(&peer_double));
}

#[tokio::test]
async fn both_servers_need_only_a_url_and_a_key() {
    let calls = json!([["search_records", {"model": PARTNERS, "fields": ["name"]}], ["list_models", {}]]);
    for (user, key) in [(2, "<key of admin>"), (6, "<key of demo>")] {
        for (answers, double) in ask_both(&json!({"ODOO_API_KEY": key}), &calls).await {
            assert_eq!(answers[0]["structured"]["total"], 60, "{answers:?}");
            assert_eq!(answers[1]["structured"]["total"], 5, "{answers:?}");
            assert_eq!(double.calls().last().unwrap().user, user);
        }
    }
}
