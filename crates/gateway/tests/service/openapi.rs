//! Compares `/v1/openapi.json` with the routes that the service has.

use std::collections::BTreeSet;

use gateway::http::ROUTES;
use reqwest::Method;
use serde_json::{Value, json};

use crate::databases::Databases;
use crate::service::{ADMIN, Answer, ESPANA, NORTE, PASSWORD, SALES, SPAIN, SPAIN_ID, Service, WAREHOUSE};
use crate::sessions::GUARDED;

async fn document(service: &Service) -> Value {
    Answer::fetch(service.get("/v1/openapi.json")).await.json()
}

#[tokio::test]
async fn the_document_describes_exactly_the_routes() {
    let service = Service::start().await;
    let document = document(&service).await;
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in &methods {
            let is_described = operations.get(method.as_str().to_lowercase()).is_some();
            let token = service.token(ADMIN).await;
            let request = service.request(method.clone(), &path.replace("{id}", "x"));
            let answer = Answer::with_token(request, &token).await;
            assert!(!answer.text.contains("urn:orgcache:problem:not_found"), "{method} {path}");
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {}", answer.text);
            if is_described {
                let described = &operations[method.as_str().to_lowercase()]["responses"];
                assert!(
                    described.get(answer.status.to_string()).is_some(),
                    "{method} {path}: {}",
                    answer.status
                );
            }
        }
    }
    let described: BTreeSet<(String, &str)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.as_str()))
        })
        .collect();
    let routes = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), *path));
    assert_eq!(described, routes.collect());
}

#[tokio::test]
async fn documented_security_matches_the_routes() {
    let service = Service::start().await;
    let document = document(&service).await;
    let mut guarded = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("security").is_none() {
                guarded.insert((method.to_uppercase(), path.replace("{id}", "x")));
            }
        }
    }
    let tested = GUARDED.iter().map(|(method, path, _)| (method.to_string(), (*path).to_owned()));
    assert_eq!(guarded, tested.collect());
}

#[tokio::test]
async fn all_references_in_the_document_resolve() {
    let service = Service::start().await;
    let document = document(&service).await;
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut pending = vec![&document];
    while let Some(value) = pending.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} points nowhere");
        }
        match value {
            Value::Object(object) => pending.extend(object.values()),
            Value::Array(array) => pending.extend(array),
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_operation_succeeds_as_described() {
    let service = Service::start_on(&Databases::sqlite().await, |_| {}).await;
    let (admin, token) = (service.token(ADMIN).await, service.token(SPAIN).await);
    let id = Answer::with_token(service.get("/v1/session"), &token).await.json()["id"].clone();
    let (session, org) =
        (format!("/v1/admin/sessions/{}", id.as_str().unwrap()), "/v1/admin/organizations/0");
    let question = json!({"call": "parent_org", "args": {"org": NORTE}});
    let assertion = service.front_end.assertion(SPAIN);
    let mut calls = vec![
        (Method::GET, format!("{org}/roles"), Value::Null),
        (Method::POST, "/v1/login".into(), json!({"user": SPAIN, "password": PASSWORD})),
        (Method::POST, "/v1/login/assertion".into(), json!({"assertion": assertion})),
        (Method::POST, "/v1/questions".into(), question.clone()),
        (Method::POST, "/v1/questions/batch".into(), json!({"questions": [question]})),
        (Method::POST, "/v1/admin/sessions/end".into(), json!({"user": SPAIN_ID})),
    ];
    let document = document(&service).await;
    let paths = document["paths"].as_object().unwrap();
    // `/v1/session/companies` needs Odoo. The tests with Odoo call it.
    let can_succeed = |path: &str| !path.contains('{') && path != "/v1/session/companies";
    let reads = paths.iter().filter(|(path, it)| it.get("get").is_some() && can_succeed(path));
    calls.extend(reads.map(|(path, _)| (Method::GET, path.clone(), Value::Null)));
    for (_, path, body) in &mut calls {
        if path == "/v1/questions" && body.is_null() {
            path.push_str(&format!("?call=parent_org&org={NORTE}"));
        }
    }
    calls.insert(0, (Method::DELETE, session, Value::Null));
    let mut succeeded = BTreeSet::new();
    let mut succeed = async |method: &Method, path: &str, body: &Value, token: &str| {
        let request = service.request(method.clone(), path);
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = Answer::with_token(request, token).await;
        assert!([200, 204].contains(&answer.status), "{method} {path}: {}", answer.text);
        // No path has more than one parameter.
        let parts = path
            .split('?')
            .next()
            .unwrap()
            .split('/')
            .map(|part| if part.len() == 64 || part == "0" { "{id}" } else { part });
        succeeded.insert((method.as_str().to_lowercase(), parts.collect::<Vec<_>>().join("/")));
        answer
    };
    for (method, path, body) in &calls {
        succeed(method, path, body, &admin).await;
    }
    // Each of these ends the session, and all but the last return the token of a new one.
    let mut token = service.token_as(json!({"user": SPAIN, "password": PASSWORD, "role": SALES})).await;
    for (path, body) in [
        ("/v1/session/refresh", Value::Null),
        ("/v1/session/role", json!({"role": WAREHOUSE})),
        ("/v1/session/org", json!({"org": ESPANA})),
        ("/v1/logout", Value::Null),
    ] {
        let answer = succeed(&Method::POST, path, &body, &token).await;
        if answer.status == 200 {
            token = answer.json()["token"].as_str().unwrap().to_owned();
        }
    }
    let described = paths.iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone()))
    });
    let described = described.filter(|(_, path)| path != "/v1/session/companies");
    assert_eq!(succeeded, described.collect());
}

#[tokio::test]
async fn the_documented_calls_are_the_calls_of_the_service() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let document = document(&service).await;
    let calls = document["components"]["schemas"]["Call"]["enum"].as_array().unwrap();
    let calls: BTreeSet<&str> = calls.iter().map(|call| call.as_str().unwrap()).collect();
    let documented = include_str!("../../../../docs/query.md").split("## Calls").nth(1).unwrap().lines();
    let first_columns = documented.filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let documented: BTreeSet<&str> =
        first_columns.flat_map(|names| names.trim_matches('`').split("`, `")).collect();
    assert_eq!(calls, documented);
    for call in calls {
        let answer = Answer::with_token(service.post("/v1/questions", json!({"call": call})), &token).await;
        let missing = answer.assert_refused(422, "missing_argument");
        // `GET` reports the same missing argument.
        let answer = Answer::with_token(service.get(&format!("/v1/questions?call={call}")), &token).await;
        assert_eq!(answer.assert_refused(422, "missing_argument")["detail"], missing["detail"]);
    }
}
