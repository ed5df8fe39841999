//! The tools that search, read, describe and count.

use odoo_double::Behaviour;
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, double, text};

const READ: &[(&str, &str)] = &[("ODOO_YOLO", "read")];

#[tokio::test]
async fn a_search_returns_a_page_and_the_total_in_one_request() {
    let agent = Agent::new(READ).await;
    let request = json!({"model": PARTNERS, "domain": [["country_id", "=", [20, "Belgium"]]],
                       "fields": ["name", "country_id", "date"], "limit": 2, "offset": 1});
    let found = agent.ask("search_records", request.clone()).await;
    let record = json!({"id": 4, "name": "Partner 4", "country_id": [20, "Belgium"], "date": "2026-01-31T10:00:00+00:00"});
    assert_eq!(found["records"][0], record);
    assert_eq!((&found["total"], &found["limit"], &found["offset"]), (&json!(30), &json!(2), &json!(1)));
    let before = agent.seen();
    let again = agent.call("search_records", request).await;
    assert_eq!(agent.seen() - before, 1);
    assert_eq!(agent.methods(PARTNERS).last().unwrap(), "web_search_read");
    assert!(
        text(&again).contains("4 | Partner 4 | [20,\"Belgium\"] | 2026-01-31T10:00:00+00:00"),
        "{}",
        text(&again)
    );
}

#[tokio::test]
async fn totals_are_exact_on_all_pages_and_versions() {
    for version in [16, 17] {
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, READ).await;
        for (offset, rows) in [(0, 25), (50, 10), (60, 0), (10_000, 0)] {
            let request = json!({"model": PARTNERS, "fields": ["name"], "offset": offset});
            let found = agent.ask("search_records", request).await;
            assert_eq!(found["records"].as_array().unwrap().len(), rows, "{offset}");
            assert_eq!(found["total"], 60, "{offset}, version {version}");
        }
        let none = json!({"model": PARTNERS, "domain": [["name", "=", "Nobody"]]});
        assert_eq!(agent.ask("search_records", none).await["total"], 0);
    }
}

#[tokio::test]
async fn a_page_has_the_next_offset_and_a_note_about_a_reduced_limit() {
    let agent = Agent::new(&[("ODOO_YOLO", "read"), ("ODOO_MCP_MAX_LIMIT", "30")]).await;
    for (limit, offset, rows, next, reduced) in [
        (json!(null), 0, 25, json!(25), false),
        (json!(30), 0, 30, json!(30), false),
        (json!(30), 30, 30, json!(null), false),
        (json!(1000), 0, 30, json!(30), true),
        (json!("1000.0"), 40, 20, json!(null), true),
        (json!(10), 60, 0, json!(null), false),
        (json!(10), 1000, 0, json!(null), false),
    ] {
        let request = json!({"model": PARTNERS, "fields": ["name"], "limit": limit, "offset": offset});
        let found = agent.ask("search_records", request).await;
        assert_eq!(found["records"].as_array().unwrap().len(), rows, "{limit} {offset}");
        assert_eq!(
            (&found["has_more"], &found["next_offset"]),
            (&json!(!next.is_null()), &next),
            "{limit} {offset}"
        );
        let message = found["note"].as_str().unwrap_or_default();
        assert_eq!(
            message.contains("30") && message.contains("ODOO_MCP_MAX_LIMIT") && message.contains("1000"),
            reduced,
            "{message}"
        );
        let groups = json!({"model": PARTNERS, "groupby": "name", "limit": limit, "offset": offset});
        let found = agent.ask("aggregate_records", groups).await;
        assert_eq!(found["note"].is_string(), reduced, "{found}");
    }
}

#[tokio::test]
async fn harmless_deviations_are_accepted_and_others_explained() {
    let agent = Agent::new(READ).await;
    let lenient = json!({"model": PARTNERS, "domain": "[[\"id\", \"=\", 5]]", "fields": "name"});
    assert_eq!(
        agent.ask("search_records", lenient).await["records"],
        json!([{"id": 5, "name": "Partner 5"}])
    );
    let by_digits = json!({"model": PARTNERS, "record_id": "5", "fields": ["name"]});
    assert_eq!(agent.ask("get_record", by_digits).await["record"]["id"], 5);
    for (tool, arguments, explanation) in [
        (
            "search_records",
            json!({"model": PARTNERS, "limt": 3}),
            "search_records: `limt` is an unknown argument",
        ),
        ("search_records", json!({"model": PARTNERS, "limit": -1}), "limit must be 0 or more, but is -1"),
        (
            "search_records",
            json!({"model": PARTNERS, "offset": -1}),
            "offset must be from 0 to 25000, but is -1",
        ),
        (
            "search_records",
            json!({"model": PARTNERS, "domain": ["|", ["id", "=", 1]]}),
            "the domain is incomplete",
        ),
        (
            "search_records",
            json!({"model": PARTNERS, "fields": ["no_such"]}),
            "`res.partner` has no field `no_such`",
        ),
        (
            "search_records",
            json!({"model": PARTNERS, "context": {"default_name": "x"}}),
            "`context.default_name` is an unknown argument: the arguments are `lang`",
        ),
        ("search_records", json!({"model": "../web"}), "`../web` cannot be the name of a model"),
        ("search_records", json!({"model": "res.nothing"}), "there is no model `res.nothing`"),
        (
            "get_record",
            json!({"model": PARTNERS, "record_id": true}),
            "get_record: `record_id` must be the id of a record, from 1 to 2147483647, but is true",
        ),
        (
            "get_record",
            json!({"model": PARTNERS, "record_id": 99}),
            "record not found: res.partner with id 99",
        ),
        ("get_record", json!({"model": PARTNERS, "record_id": 99, "fields": ["id"]}), "record not found"),
        (
            "aggregate_records",
            json!({"model": PARTNERS, "aggregates": ["credit"]}),
            "`credit` needs an operator",
        ),
    ] {
        let message = agent.refused(tool, arguments.clone()).await;
        assert!(message.contains(explanation), "{arguments}: {message}");
    }
}

#[tokio::test]
async fn a_record_has_the_default_fields_or_the_named_ones() {
    let agent = Agent::new(READ).await;
    let usual = agent.ask("get_record", json!({"model": PARTNERS, "record_id": 2})).await;
    let names: Vec<&String> = usual["record"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["id", "display_name", "name", "date", "email", "credit", "country_id"]);
    assert_eq!(usual["metadata"]["field_selection_method"], "smart_defaults");
    assert_eq!(usual["metadata"]["total_fields_available"], 13);

    agent.double.with_model(PARTNERS, |model| model.refused.insert("credit".into()));
    let all =
        agent.ask("get_record", json!({"model": PARTNERS, "record_id": 2, "fields": ["__all__"]})).await;
    assert_eq!(all["skipped_fields"], json!(["credit"]), "unreadable fields are left out");
    assert_eq!(all["record"]["api_key"], Value::Null, "credentials are left out");
    assert!(all["metadata"]["note"].as_str().unwrap().contains("api_key"));
    assert_eq!(all["related_summaries"]["category_id"], json!([{"id": 7, "display_name": "Customers"}]));
    let page = agent.ask("search_records", json!({"model": PARTNERS, "limit": 2})).await;
    assert_eq!((&page["skipped_fields"], &page["total"]), (&json!(["credit"]), &json!(60)));

    let named = json!({"model": PARTNERS, "record_id": 2, "fields": ["api_key"]});
    assert_eq!(agent.ask("get_record", named).await["record"]["api_key"], "secret of a partner");
    let refused = json!({"model": PARTNERS, "record_id": 2, "fields": ["credit"]});
    assert!(agent.refused("get_record", refused).await.contains("You are not allowed"));
}

#[tokio::test]
async fn cached_definitions_cause_no_request() {
    let agent = Agent::new(READ).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    let before = agent.seen();
    let usual = agent.ask("get_fields", json!({"model": PARTNERS})).await;
    assert_eq!(usual["omitted"], 2, "a credential, and the messages: {usual}");
    let all = agent.ask("get_fields", json!({"model": PARTNERS, "field_names": ["__all__"]})).await;
    assert_eq!(all["total"], 13);
    let request =
        json!({"model": PARTNERS, "field_names": ["country_id"], "attributes": ["relation", "store"]});
    let some = agent.ask("get_fields", request).await;
    assert_eq!(some["fields"], json!([{"name": "country_id", "relation": "res.country", "store": true}]));
    let unknown = agent.ask("get_fields", json!({"model": PARTNERS, "field_names": ["x_new"]})).await;
    assert_eq!(unknown["note"], "res.partner has no field named x_new.");
    assert_eq!(agent.seen(), before, "all definitions are cached and recent");
}

#[tokio::test]
async fn a_removed_field_does_not_break_reads_that_do_not_name_it() {
    let agent = Agent::new(&[("ODOO_YOLO", "true")]).await;
    let usual = json!({"model": PARTNERS, "record_id": 2});
    assert_eq!(agent.ask("get_record", usual.clone()).await["record"]["email"], false);
    agent.double.with_model(PARTNERS, |model| model.fields.remove("email"));
    let start = std::time::Instant::now();
    loop {
        let answer = agent.call("search_records", json!({"model": PARTNERS})).await;
        if answer.is_error == Some(false) {
            assert!(!text(&answer).contains("email"), "{answer:?}");
            break;
        }
        // Very recent definitions are not loaded again.
        assert!(text(&answer).contains("Invalid field 'email'"), "{answer:?}");
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{answer:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(agent.ask("get_record", usual).await["record"].get("email"), None);
    let request = json!({"model": PARTNERS, "record_id": 2, "fields": ["email"]});
    assert!(agent.refused("get_record", request).await.contains("has no field `email`"));
}

#[tokio::test]
async fn a_write_to_field_definitions_invalidates_the_cache() {
    let agent = Agent::new(&[("ODOO_YOLO", "true")]).await;
    let fields = async || agent.ask("get_fields", json!({"model": PARTNERS})).await["total"].clone();
    let before = fields().await;
    agent.double.with_model(PARTNERS, |model| {
        model.fields.insert("x_new".into(), json!({"type": "char", "store": true}));
    });
    assert_eq!(fields().await, before, "the change was made elsewhere");
    let model = odoo_double::Model::with_fields(&[("name", "char"), ("display_name", "char")]);
    agent.double.put_model("ir.model.fields", model);
    agent.ask("create_record", json!({"model": "ir.model.fields", "values": {"name": "x_new"}})).await;
    assert_eq!(fields().await, json!(before.as_i64().unwrap() + 1));
}

#[tokio::test]
async fn groups_are_aggregated_on_the_server() {
    let agent = Agent::new(READ).await;
    let request = json!({"model": PARTNERS, "groupby": "country_id", "aggregates": ["__count", "credit:sum"], "limit": 1});
    let found = agent.ask("aggregate_records", request).await;
    assert_eq!(
        found["groups"],
        json!([{"country_id": false, "__count": 30, "credit:sum": 900, "__extra_domain": [["country_id", "=", false]]}])
    );
    assert_eq!(
        (&found["has_more"], &found["next_hint"]),
        (&json!(true), &json!("aggregate_records with offset=1, limit=1"))
    );
    let all = agent.ask("aggregate_records", json!({"model": PARTNERS})).await;
    assert_eq!(all["groups"], json!([{"__count": 60, "__extra_domain": []}]));
    let twice = json!({"model": PARTNERS, "aggregates": ["credit:sum", "credit:avg"]});
    assert!(
        agent
            .refused("aggregate_records", twice)
            .await
            .contains("cannot be combined with another value of `credit`")
    );
}

#[tokio::test]
async fn searches_run_concurrently_up_to_the_pool_size() {
    let mut behaviour = Behaviour::default();
    behaviour.delays.insert("web_search_read", std::time::Duration::from_millis(50));
    let agent = Agent::with(double(behaviour).await, READ).await;
    agent.ask("get_fields", json!({"model": PARTNERS})).await;
    let search = |_| agent.ask("search_records", json!({"model": PARTNERS, "limit": 3}));
    let found = futures_util::future::join_all((0..16).map(search)).await;
    assert!(found.iter().all(|page| page["total"] == 60));
    assert_eq!(agent.double.most_running(), 5);
}

#[tokio::test]
async fn answers_have_the_fields_in_the_order_of_the_selection() {
    let default = "id display_name name date email credit country_id";
    for (version, key) in [(16, ""), (17, ""), (17, "<key of admin>"), (19, ""), (19, "<key of admin>")] {
        let settings = [("ODOO_YOLO", "read"), ("ODOO_API_KEY", key)];
        let agent = Agent::with(double(Behaviour { version, ..Behaviour::default() }).await, &settings).await;
        for (fields, expected) in [
            (json!(null), default),
            (json!(["name", "email", "country_id", "credit"]), "id name email country_id credit"),
            (json!("email, id, name"), "email id name"),
        ] {
            let in_order =
                |record: &Value| record.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
            let request = json!({"model": PARTNERS, "fields": fields, "limit": 2});
            let page = agent.call("search_records", request).await;
            assert_eq!(in_order(&page.structured_content.as_ref().unwrap()["records"][0]), expected);
            assert!(text(&page).contains(&expected.replace(' ', " | ")), "{}", text(&page));
            for max_age in [0, 5, 5] {
                let request =
                    json!({"model": PARTNERS, "fields": fields, "record_id": 1, "max_age": max_age});
                let record = agent.call("get_record", request).await;
                assert_eq!(in_order(&record.structured_content.as_ref().unwrap()["record"]), expected);
                let message = text(&record);
                let lines = message.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
                let lines: Vec<&str> = lines.map(|(name, _)| name).collect();
                assert_eq!(lines.join(" ").find(expected), Some(0), "{message}");
            }
        }
    }
}
