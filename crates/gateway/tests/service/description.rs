//! `/v1/openapi.json` against the routes that there are.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::service::{ADMIN, Answer, Service};
use crate::sessions::GUARDED;

async fn document(service: &Service) -> Value {
    Answer::of(service.get("/v1/openapi.json")).await.json()
}

#[tokio::test]
async fn what_is_described_is_there_and_nothing_else() {
    let service = Service::start().await;
    let document = document(&service).await;
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in &methods {
            let is_described = operations.get(method.as_str().to_lowercase()).is_some();
            // Where a session is needed, strangers are not even told which methods there are.
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
    // A router does not tell its routes; its source does.
    let source = include_str!("../../src/http/routes.rs");
    let routes = source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, routes.collect());
}

#[tokio::test]
async fn routes_that_are_described_as_guarded_are_guarded() {
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
async fn the_description_holds_together() {
    let service = Service::start().await;
    let document = document(&service).await;
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} points nowhere");
        }
        match value {
            Value::Object(object) => waiting.extend(object.values()),
            Value::Array(array) => waiting.extend(array),
            _ => {}
        }
    }
}
