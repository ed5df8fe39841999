//! All tools that write or group, on all versions and transports.

use odoo_double::Behaviour;
use serde_json::json;

use crate::support::{Agent, PARTNERS, double};

/// Versions, each with a password and with an API key.
const SERVERS: [(u32, bool); 6] = [(17, false), (17, true), (18, false), (18, true), (19, false), (19, true)];

async fn agent(version: u32, by_key: bool) -> Agent {
    let key: &[(&str, &str)] = if by_key { &[("ODOO_API_KEY", "<key of admin>")] } else { &[] };
    let settings = [&[("ODOO_YOLO", "true"), ("ODOO_MCP_ENABLE_METHOD_CALLS", "true")], key].concat();
    Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, &settings).await
}

#[tokio::test]
async fn each_creation_creates_and_reports_one_record() {
    for (version, by_key) in SERVERS {
        let agent = agent(version, by_key).await;
        let request = json!({"model": PARTNERS, "values": {"name": "New"}});
        let created = agent.ask("create_record", request).await;
        assert_eq!(created["record"]["id"], 61, "{version} {by_key}");
        let request = json!({"model": PARTNERS, "records": [{"name": "A"}, {"name": "B"}]});
        assert_eq!(agent.ask("create_records", request).await["created_count"], 2);
        let one = json!({"model": PARTNERS, "records": [{"name": "C"}]});
        assert_eq!(agent.ask("create_records", one).await["records"][0]["id"], 64);
        let request = json!({"model": PARTNERS, "record_id": 1, "name": "a.txt", "data": "aGVsbG8="});
        assert_eq!(agent.ask("upload_attachment", request).await["attachment_id"], 8);
        let request = json!({"model": PARTNERS, "record_id": 1, "body": "x"});
        assert_eq!(agent.ask("post_message", request).await["message_id"], 1);
        let records = agent.double.with_model(PARTNERS, |model| model.records.len());
        assert_eq!(records, Some(64), "{version} {by_key}");
        let pages = if version >= 18 {
            "/odoo/res.partner/61"
        } else {
            "/web#id=61&model=res.partner&view_type=form"
        };
        assert!(created["url"].as_str().unwrap().ends_with(pages), "{}", created["url"]);
    }
}

#[tokio::test]
async fn a_method_accepts_ids_by_position_or_by_name() {
    for (version, by_key) in SERVERS {
        let agent = agent(version, by_key).await;
        agent.double.with_model(PARTNERS, |model| model.answers.insert("action_archive".into(), json!(true)));
        let context = json!("{\"active_test\": false}");
        for arguments in [
            json!({"arguments": [[1, 2]], "keyword_arguments": {"context": context}}),
            json!({"keyword_arguments": {"ids": [1, 2], "context": {"active_test": false}}}),
            json!({"arguments": [], "keyword_arguments": "{'ids': [1, 2], 'context': {'active_test': False}}"}),
        ] {
            let mut request = json!({"model": PARTNERS, "method": "action_archive"});
            request.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
            agent.ask("call_model_method", request).await;
            let call = agent.double.calls().pop().unwrap();
            assert_eq!((call.ids(), &call.arguments["context"]["active_test"]), (vec![1, 2], &json!(false)));
            assert_eq!(call.arguments.len(), 2, "{version} {by_key}: {:?}", call.arguments);
        }
        let request =
            json!({"model": PARTNERS, "method": "action_archive", "keyword_arguments": {"context": 7}});
        assert_eq!(agent.refused("call_model_method", request).await, "the context must be an object");
    }
}

#[tokio::test]
async fn errors_for_missing_models_methods_and_records_are_the_same() {
    for (version, by_key) in SERVERS {
        let agent = agent(version, by_key).await;
        let message = agent.refused("get_record", json!({"model": "res.nothing", "record_id": 1})).await;
        assert_eq!(message, "there is no model `res.nothing`", "{version} {by_key}");
        let request = json!({"model": "res.country", "record_id": 20, "body": "x"});
        assert_eq!(agent.refused("post_message", request).await, "records of `res.country` have no messages");
        let request = json!({"model": PARTNERS, "method": "no_such", "arguments": [[1]]});
        let message = agent.refused("call_model_method", request).await;
        assert_eq!(message, "`res.partner` has no method `no_such`", "{version} {by_key}");
        let message = agent.refused("get_record", json!({"model": PARTNERS, "record_id": 999})).await;
        assert_eq!(message, "record not found: res.partner with id 999");
    }
}

#[tokio::test]
async fn groups_have_the_same_shape_on_all_versions() {
    for (version, by_key) in SERVERS {
        let agent = agent(version, by_key).await;
        let request =
            json!({"model": PARTNERS, "groupby": ["country_id"], "aggregates": ["credit:sum", "__count"]});
        let groups = agent.ask("aggregate_records", request).await["groups"].clone();
        let belgium = groups.as_array().unwrap().iter().find(|it| it["country_id"] != false).unwrap();
        assert_eq!(
            (&belgium["credit:sum"], &belgium["__count"]),
            (&json!(930), &json!(30)),
            "{version} {by_key}"
        );
        assert!(belgium["__extra_domain"].is_array());
        let total = agent.ask("aggregate_records", json!({"model": PARTNERS})).await["groups"].clone();
        assert_eq!(total[0]["__count"], 60);
        let message =
            agent.refused("aggregate_records", json!({"model": PARTNERS, "aggregates": ["credit"]})).await;
        assert!(message.contains("such as `credit:sum`"), "{message}");
    }
}

#[tokio::test]
async fn different_values_per_record_need_odoo_19() {
    for (version, by_key) in SERVERS {
        let agent = agent(version, by_key).await;
        let updates = json!([{"id": 1, "values": {"name": "A"}}, {"id": 2, "values": {"name": "B"}}]);
        let request = json!({"model": PARTNERS, "updates": updates});
        if version < 19 {
            assert!(agent.refused("update_records", request).await.contains("need odoo 19"));
            continue;
        }
        assert_eq!(agent.ask("update_records", request).await["updated_count"], 2);
        let name = |id: i64| agent.double.with_model(PARTNERS, |model| model.records[&id]["name"].clone());
        assert_eq!((name(1), name(2)), (Some(json!("A")), Some(json!("B"))), "{by_key}");
    }
}

#[tokio::test]
async fn the_context_names_a_language_that_is_not_installed() {
    let settings = [("ODOO_YOLO", "read"), ("ODOO_LOCALE", "es_ES")];
    let agent = Agent::with(double(Behaviour { version: 19, ..Behaviour::default() }).await, &settings).await;
    let text = agent.ask("get_current_context", json!({})).await["text"].clone();
    assert!(text.as_str().unwrap().contains("ODOO_LOCALE is `es_ES`, which is not installed"), "{text}");
    agent.ask("get_record", json!({"model": PARTNERS, "record_id": 1})).await;
}
