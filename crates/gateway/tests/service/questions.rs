//! `GET` and `POST /v1/questions`, and `POST /v1/questions/batch`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::service::{
    ADMIN, Answer, ESPANA, FOOD, NORTE, OPENBRAVO, PASSWORD, QA, QA_ADMIN, SALES, SPAIN, Service, US,
    WAREHOUSE,
};

async fn ask(service: &Service, token: &str, question: Value) -> Answer {
    Answer::with_token(service.post("/v1/questions", question), token).await
}

async fn ask_by_get(service: &Service, token: &str, call_and_arguments: &str) -> Answer {
    Answer::with_token(service.get(&format!("/v1/questions?call={call_and_arguments}")), token).await
}

/// An organization of the other client.
async fn org_of_qa(service: &Service) -> String {
    let token = service.token(QA_ADMIN).await;
    let readable = Answer::with_token(service.get("/v1/session/readable"), &token).await.json();
    readable["organizations"][2].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn calls_are_answered_from_the_pinned_tree() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    for (question, result) in [
        (json!({"call": "parent_org", "args": {"org": NORTE}}), json!(ESPANA)),
        (json!({"call": "is_in_natural_tree", "args": {"org1": NORTE, "org2": US}}), json!(false)),
        (json!({"call": "legal_entity", "args": {"org": NORTE}}), json!(ESPANA)),
        (json!({"call": "sql_legal_entity", "args": {"org": NORTE}}), json!(ESPANA)),
        (
            json!({"call": "is_org_included", "args": {"org": NORTE, "parent": ESPANA, "client": FOOD}}),
            json!(2),
        ),
        (json!({"call": "may_reference", "args": {"org": NORTE, "referenced_org": US}}), json!(false)),
        (json!({"call": "natural_tree", "args": {"org": null}}), json!([null])),
    ] {
        let answer = ask(&service, &token, question.clone()).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"result": result})), "{question}");
    }
}

#[tokio::test]
async fn errors_in_a_question_are_named() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    for (question, code, field) in [
        (json!({"call": "no_such_call", "args": {}}), "unknown_call", json!("call")),
        (json!({"call": "parent_org", "args": {}}), "missing_argument", json!("args.org")),
        (json!({"call": "parent_org"}), "missing_argument", json!("args.org")),
        (json!({"call": "parent_org", "args": {"org": 1}}), "wrong_argument", json!("args.org")),
        (json!({"call": "parent_org", "args": {"org": ["0"]}}), "wrong_argument", json!("args.org")),
        (json!({"call": "parent_org", "args": {"org": "0", "x": 1}}), "wrong_argument", json!("args.x")),
        (
            json!({"call": "child_tree", "args": {"org": "0", "include_org": "true"}}),
            "wrong_argument",
            json!("args.include_org"),
        ),
        (
            json!({"call": "readable_orgs", "args": {"role": "0", "inactive_orgs": "0"}}),
            "wrong_argument",
            json!("args.inactive_orgs"),
        ),
        (json!({"call": 1, "args": {}}), "wrong_value", json!("call")),
        (json!({"call": "parent_org", "args": []}), "wrong_value", json!("args")),
        (json!({"call": "parent_org", "args": {"org": "0"}, "client": QA}), "wrong_value", json!("client")),
        (json!({"args": {}}), "wrong_value", Value::Null),
    ] {
        let problem = ask(&service, &token, question.clone()).await.assert_refused(422, code);
        assert_eq!(problem["field"], field, "{question}: {problem}");
    }
}

#[tokio::test]
async fn only_administrators_ask_about_other_roles() {
    let service = Service::start().await;
    let spain = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    let (admin, instance) = (service.token(ADMIN).await, service.token(OPENBRAVO).await);
    for call in [
        "readable_orgs",
        "writable_orgs",
        "readable_orgs_count",
        "user_org_context",
        "legacy_accessible_tree",
    ] {
        let about = |role: Value| json!({"call": call, "args": {"role": role}});
        assert_eq!(
            ask(&service, &spain, about(json!(SALES))).await.status,
            200,
            "{call}: the session's own role"
        );
        // The refusal does not reveal whether the role exists.
        for other in [json!(WAREHOUSE), json!("0"), json!("no such role"), Value::Null] {
            let refused =
                ask(&service, &spain, about(other)).await.assert_refused(403, "not_an_administrator");
            assert_eq!(refused["field"], Value::Null);
        }
        let address = ask_by_get(&service, &spain, &format!("{call}&role={WAREHOUSE}")).await;
        address.assert_refused(403, "not_an_administrator");
        let twice = ask_by_get(&service, &spain, &format!("{call}&role={SALES}&role={WAREHOUSE}")).await;
        twice.assert_refused(403, "not_an_administrator");
        let batch = json!({"questions": [about(json!(SALES)), about(json!(WAREHOUSE)), about(json!(SALES))]});
        let answers = Answer::with_token(service.post("/v1/questions/batch", batch.clone()), &spain).await;
        let answers = answers.json()["answers"].clone();
        assert_eq!(answers[1]["error"]["code"], "not_an_administrator", "{answers}");
        assert!(answers[0]["result"] == answers[2]["result"] && !answers[0]["result"].is_null(), "{answers}");
        let answers = Answer::with_token(service.post("/v1/questions/batch", batch), &admin).await;
        assert_eq!(answers.json()["answers"][1]["error"], Value::Null);
        assert_eq!(ask(&service, &admin, about(json!(WAREHOUSE))).await.status, 200, "{call}");
    }
    let about = json!({"call": "readable_orgs", "args": {"role": "0"}});
    assert_eq!(ask(&service, &instance, about).await.status, 200);
    service.execute("UPDATE ad_role SET is_client_admin = 'N'").await;
    let about = json!({"call": "readable_orgs", "args": {"role": WAREHOUSE}});
    ask(&service, &admin, about).await.assert_refused(403, "not_an_administrator");
}

#[tokio::test]
async fn an_argument_given_twice_is_refused() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let send = |path: &str, text: String| {
        let request = service.request(Method::POST, path).header("content-type", "application/json");
        Answer::with_token(request.body(text), &token)
    };
    for (question, field) in [
        (format!(r#"{{"call": "parent_org", "args": {{"org": "0", "org": "{NORTE}"}}}}"#), "args.org"),
        (
            format!(r#"{{"call": "parent_org", "args": {{"o\u0072g": "{NORTE}", "org": "{NORTE}"}}}}"#),
            "args.org",
        ),
        (
            r#"{"call": "child_tree", "args": {"org": "0", "include_org": true, "include_org": true}}"#
                .to_owned(),
            "args.include_org",
        ),
        (
            format!(
                r#"{{"call": "readable_orgs", "args": {{"role": "{SALES}", "inactive_orgs": [], "inactive_orgs": []}}}}"#
            ),
            "args.inactive_orgs",
        ),
        (
            r#"{"call": "closest", "args": {"org": "0", "records": [{"id": "a", "id": "b", "org": "0"}]}}"#
                .to_owned(),
            "args.id",
        ),
    ] {
        let problem = send("/v1/questions", question.clone()).await.assert_refused(422, "wrong_argument");
        assert_eq!(
            (&problem["field"], &problem["detail"].as_str().unwrap().contains("more than once")),
            (&json!(field), &true)
        );
        let batch = send("/v1/questions/batch", format!(r#"{{"questions": [{question}]}}"#)).await.json();
        assert_eq!(batch["answers"][0]["error"]["code"], "wrong_argument", "{batch}");
    }
    for text in [
        r#"{"call": "parent_org", "call": "parent_org", "args": {"org": "0"}}"#,
        r#"{"call": "parent_org", "args": {"org": "0"}, "args": {"org": "0"}}"#,
    ] {
        send("/v1/questions", text.to_owned()).await.assert_refused(422, "wrong_value");
        send("/v1/questions/batch", format!(r#"{{"questions": [{text}]}}"#))
            .await
            .assert_refused(422, "wrong_value");
    }
    ask_by_get(&service, &token, "parent_org&org=0&org=0").await.assert_refused(422, "wrong_argument");
    ask_by_get(&service, &token, "parent_org&call=parent_org&org=0")
        .await
        .assert_refused(422, "wrong_argument");
    let form = format!(r#"{{"user": "{ADMIN}", "user": "{ADMIN}", "password": "{PASSWORD}"}}"#);
    send("/v1/login", form).await.assert_refused(422, "wrong_value");
}

#[tokio::test]
async fn ids_of_a_batch_come_back_byte_for_byte() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let ids = [
        "1",
        "1.0",
        "1e2",
        "-0",
        "12345678901234567890123",
        "0.1000000000000000055511151231257827",
        "null",
        "true",
        r#""a\u0062\/c""#,
        r#""\ud83d\ude00""#,
        r#"{"b": 1,  "a" :[ ]}"#,
        r#"{"a":1,"a":2}"#,
        r#""""#,
    ];
    let questions: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"id": {id}, "call": "parent_org", "args": {{"org": "0"}}}}"#))
        .collect();
    let body = format!(r#"{{"questions": [{}]}}"#, questions.join(","));
    let request =
        service.request(Method::POST, "/v1/questions/batch").header("content-type", "application/json");
    let answer = Answer::with_token(request.body(body), &token).await;
    let answers: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":{id},"result":null}}"#)).collect();
    assert_eq!(answer.text, format!(r#"{{"answers":[{}]}}"#, answers.join(",")));
}

#[tokio::test]
async fn escaped_strings_are_decoded() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let (first, rest) = NORTE.split_at(1);
    let escaped = format!("\\u{:04x}{rest}", u32::from(first.as_bytes()[0]));
    for text in [
        format!(r#"{{"call": "parent_org", "args": {{"org": "{NORTE}"}}}}"#),
        format!(r#"{{"c\u0061ll": "parent\u005forg", "args": {{"o\u0072g": "{escaped}"}}}}"#),
    ] {
        let one = service.request(Method::POST, "/v1/questions").header("content-type", "application/json");
        let answer = Answer::with_token(one.body(text.clone()), &token).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"result": ESPANA})), "{text}");
        let batch = format!(r#"{{"questions": [{text}, {text}]}}"#);
        let all =
            service.request(Method::POST, "/v1/questions/batch").header("content-type", "application/json");
        let answer = Answer::with_token(all.body(batch), &token).await;
        assert_eq!(answer.json(), json!({"answers": [{"result": ESPANA}, {"result": ESPANA}]}), "{text}");
    }
}

#[tokio::test]
async fn get_and_post_give_the_same_answers() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let role = SALES;
    for (address, question) in [
        (format!("parent_org&org={NORTE}"), json!({"call": "parent_org", "args": {"org": NORTE}})),
        (
            format!("is_in_natural_tree&org1={NORTE}&org2={ESPANA}"),
            json!({"call": "is_in_natural_tree", "args": {"org1": NORTE, "org2": ESPANA}}),
        ),
        (
            format!("child_tree&include_org=true&org={ESPANA}"),
            json!({"call": "child_tree", "args": {"org": ESPANA, "include_org": true}}),
        ),
        (
            format!("child_tree&include_org=false&org={ESPANA}"),
            json!({"call": "child_tree", "args": {"org": ESPANA, "include_org": false}}),
        ),
        (
            format!("transaction_allowed_orgs&orgs=%27{NORTE}%27,%27{US}%27"),
            json!({"call": "transaction_allowed_orgs", "args": {"orgs": format!("'{NORTE}','{US}'")}}),
        ),
        ("natural_tree&org=".to_owned(), json!({"call": "natural_tree", "args": {"org": ""}})),
        (
            "natural_tree&org=a%20b+c%2B%C3%B1".to_owned(),
            json!({"call": "natural_tree", "args": {"org": "a b c+\u{f1}"}}),
        ),
        (
            format!(
                "readable_orgs&role={role}&inactive_orgs={NORTE}&automatic_roles=false&inactive_orgs={US}"
            ),
            json!({"call": "readable_orgs", "args": {
                "role": role, "automatic_roles": false, "inactive_orgs": [NORTE, US],
            }}),
        ),
        (
            format!("sql_legal_entity&org={NORTE}"),
            json!({"call": "sql_legal_entity", "args": {"org": NORTE}}),
        ),
        (
            format!("is_org_included&org={NORTE}&parent={ESPANA}&client={FOOD}"),
            json!({"call": "is_org_included", "args": {"org": NORTE, "parent": ESPANA, "client": FOOD}}),
        ),
    ] {
        let by_body = ask(&service, &token, question).await;
        let by_get = ask_by_get(&service, &token, &address).await;
        assert_eq!((by_body.status, by_body.json()), (200, by_get.json()), "{address}");
    }
    // The order of parameters does not matter.
    let answer =
        Answer::with_token(service.get(&format!("/v1/questions?&org={NORTE}&&call=parent_org")), &token);
    assert_eq!(answer.await.json()["result"], ESPANA);
    let foreign = org_of_qa(&service).await;
    let unknown = ask_by_get(&service, &token, &format!("parent_org&org={foreign}")).await;
    assert_eq!((unknown.status, unknown.json()["result"].clone()), (200, Value::Null));
}

#[tokio::test]
async fn errors_in_a_query_string_are_named() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    for (query, code, field) in [
        ("", "missing_argument", "call"),
        ("?org=0", "missing_argument", "call"),
        ("?call=parent_org&call=parent_org&org=0", "wrong_argument", "call"),
        ("?call=no_such_call", "unknown_call", "call"),
        ("?call=parent_org", "missing_argument", "org"),
        ("?call=parent_org&org=0&org=0", "wrong_argument", "org"),
        ("?call=parent_org&org=0&x=1", "wrong_argument", "x"),
        ("?call=parent_org&org=%FF", "wrong_value", "org"),
        ("?call=parent_org&%FF=1", "wrong_value", "%FF"),
        ("?call=child_tree&org=0&include_org=yes", "wrong_argument", "include_org"),
        ("?call=child_tree&org=0&include_org=", "wrong_argument", "include_org"),
        ("?call=closest&org=0&records=[]", "wrong_argument", "records"),
    ] {
        let answer = Answer::with_token(service.get(&format!("/v1/questions{query}")), &token).await;
        assert_eq!(answer.assert_refused(422, code)["field"], field, "{query}");
    }
}

#[tokio::test]
async fn each_question_of_a_batch_gets_its_own_answer() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let batch = json!({"questions": [
        {"id": 7, "call": "parent_org", "args": {"org": NORTE}},
        {"call": "no_such_call", "args": {}},
        {"id": null, "call": "parent_org", "args": {"org": "0"}},
        {"id": {"a": [1]}, "call": "parent_org", "args": {}},
    ]});
    let answer = Answer::with_token(service.post("/v1/questions/batch", batch), &token).await;
    let expected = json!({"answers": [
        {"id": 7, "result": ESPANA},
        {"error": {"code": "unknown_call", "message": "there is no call `no_such_call`"}},
        {"id": null, "result": null},
        {"id": {"a": [1]}, "error": {"code": "missing_argument", "message": "argument `org` is missing"}},
    ]});
    assert_eq!((answer.status, answer.json()), (200, expected));
    let empty =
        Answer::with_token(service.post("/v1/questions/batch", json!({"questions": []})), &token).await;
    assert_eq!(empty.json(), json!({"answers": []}));
}

#[tokio::test]
async fn batches_are_bounded_in_number_and_in_bytes() {
    let service = Service::start_with(|settings| settings.max_answer_bytes = 10_000).await;
    let token = service.token(ADMIN).await;
    let questions = |number: usize, call: &str| {
        let question = json!({"call": call, "args": {"org": "0"}});
        service.post("/v1/questions/batch", json!({"questions": vec![question; number]}))
    };
    assert_eq!(Answer::with_token(questions(20, "parent_org"), &token).await.status, 200);
    let many = Answer::with_token(questions(1_001, "parent_org"), &token).await;
    assert_eq!(many.assert_refused(422, "wrong_value")["field"], "questions");
    let long = Answer::with_token(questions(1_000, "natural_tree"), &token).await;
    assert_eq!(long.assert_refused(422, "wrong_value")["field"], "questions");
}

#[tokio::test]
async fn another_clients_organizations_look_unknown() {
    let service = Service::start().await;
    let foreign = org_of_qa(&service).await;
    let unknown = "no such organization";
    // The built-in administrator, too, works in one client at a time.
    let role = "42D0EEB1C66F497A90DD526DC597E6F0";
    let administrator =
        service.token_as(json!({"user": OPENBRAVO, "password": PASSWORD, "role": role})).await;
    for token in [service.token(ADMIN).await, administrator] {
        for (call, arguments) in [
            ("natural_tree", json!({"org": "ORG"})),
            ("child_tree", json!({"org": "ORG", "include_org": true})),
            ("parent_org", json!({"org": "ORG"})),
            ("may_reference", json!({"org": "ORG", "referenced_org": "ORG"})),
            ("may_reference", json!({"org": "ORG", "referenced_org": NORTE})),
            ("sql_legal_entity", json!({"org": "ORG"})),
            ("sql_calendar_owner", json!({"org": "ORG"})),
            ("persisted_org_info", json!({"org": "ORG"})),
            ("is_org_included", json!({"org": "ORG", "parent": "ORG", "client": FOOD})),
            ("is_org_included", json!({"org": "ORG", "parent": "ORG", "client": QA})),
            ("sql_is_in_natural_tree", json!({"org_a": "ORG", "org_b": "ORG", "client": QA})),
            ("legal_entities_of_client", json!({"client": QA})),
            ("legacy_referenceable_orgs", json!({"org": "ORG"})),
        ] {
            let with = |org: &str| arguments.to_string().replace("ORG", org);
            let mut answers = Vec::new();
            for org in [foreign.as_str(), unknown] {
                let arguments: Value = serde_json::from_str(&with(org)).unwrap();
                let answer = ask(&service, &token, json!({"call": call, "args": arguments})).await;
                assert_eq!(answer.status, 200, "{call}: {}", answer.text);
                answers.push(answer.text.replace(org, "ORG"));
            }
            assert_eq!(answers[0], answers[1], "{call} reveals that another client has this organization");
        }
        let other_clients =
            ask(&service, &token, json!({"call": "legal_entities_of_client", "args": {"client": QA}})).await;
        let unknown_clients =
            ask(&service, &token, json!({"call": "legal_entities_of_client", "args": {"client": "x"}})).await;
        assert_eq!(other_clients.text, unknown_clients.text);
        // Roles and clients that the caller does not work in count as unknown.
        for call in [
            "writable_orgs",
            "readable_orgs",
            "readable_orgs_count",
            "user_org_context",
            "legacy_accessible_tree",
        ] {
            for role in ["FA057013C10148828D2430F66F42EF1A", "x"] {
                let refused = ask(&service, &token, json!({"call": call, "args": {"role": role}})).await;
                assert_eq!(refused.assert_refused(422, "unknown_role")["field"], "args.role", "{call}");
            }
            let own = json!({"call": call, "args": {"role": SALES}});
            assert_eq!(ask(&service, &token, own).await.status, 200);
        }
        for client in [QA, "x"] {
            let elsewhere =
                json!({"call": "readable_orgs", "args": {"role": SALES, "current_client": client}});
            ask(&service, &token, elsewhere).await.assert_refused(422, "unknown_client");
        }
    }
}

#[tokio::test]
async fn a_database_failure_reveals_no_details() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    service
        .execute(
            "ALTER TABLE ad_org_tree RENAME TO gone; ALTER TABLE ad_org DROP COLUMN ad_legalentity_org_id",
        )
        .await;
    let answer = ask(&service, &token, json!({"call": "sql_legal_entity", "args": {"org": NORTE}})).await;
    assert!([501, 503].contains(&answer.status), "{}", answer.text);
    let batch = json!({"questions": [{"call": "sql_legal_entity", "args": {"org": NORTE}}]});
    let batch = Answer::with_token(service.post("/v1/questions/batch", batch), &token).await;
    assert_eq!(batch.status, 200);
    assert!(!batch.text.contains("erp.db") && !batch.text.contains("ad_"), "{}", batch.text);
}
