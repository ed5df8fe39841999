//! What all answers share: headers, error format, request ids, compression, metrics.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use gateway::http::{Demonstration, DemonstrationUser, Routes};
use reqwest::Method;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::service::{ADMIN, Answer, PASSWORD, Service};

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let service = Service::start().await;
    for path in ["/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/session", "/nowhere"] {
        let answer = Answer::fetch(service.get(path)).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert_eq!(answer.header("strict-transport-security"), "", "only over TLS");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let page = Answer::fetch(service.get("/")).await;
    for (name, value) in [("referrer-policy", "no-referrer"), ("cross-origin-opener-policy", "same-origin")] {
        assert_eq!(page.header(name), value);
    }
}

#[tokio::test]
async fn request_ids_are_generated_unless_a_trusted_proxy_sends_them() {
    let service = Service::start().await;
    let id = async |service: &Service| {
        Answer::fetch(service.get("/healthz").header("x-request-id", "mine-1"))
            .await
            .header("x-request-id")
            .to_owned()
    };
    let (one, two) = (id(&service).await, id(&service).await);
    assert!(one != two && one != "mine-1" && !one.is_empty());
    let behind =
        Service::start_with(|settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
            .await;
    assert_eq!(id(&behind).await, "mine-1");
    let long = "x".repeat(65);
    for forged in ["a b", "<script>", long.as_str()] {
        let answer = Answer::fetch(behind.get("/healthz").header("x-request-id", forged)).await;
        assert_ne!(answer.header("x-request-id"), forged);
    }
}

#[tokio::test]
async fn a_router_runs_the_routes_beside_its_own() {
    let service = Service::start().await;
    let own =
        Router::new().route("/own", get(async || "own")).fallback_service(Routes::new(&service.gateway));
    for (path, body) in [("/own", "own"), ("/healthz", "ok")] {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let answer = own.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let bytes = to_bytes(answer.into_body(), 100).await.unwrap();
        assert!(bytes.starts_with(body.as_bytes()), "{path}: {bytes:?}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_problem_answers() {
    let service = Service::start().await;
    for path in ["/nowhere", "/v1", "/v1/", "/v1/login/", "/v1/../healthz2", "/%00", "/v1/admin/sessions/a/b"]
    {
        Answer::fetch(service.get(path)).await.assert_refused(404, "not_found");
    }
    let wrong = Answer::fetch(service.request(Method::DELETE, "/v1/login")).await;
    wrong.assert_refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "POST");
    let metrics = Answer::fetch(service.get("/metrics")).await.text;
    let counted = r#"orgcache_http_requests_total{method="DELETE",route="/v1/login",status="405"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    Answer::fetch(service.request(Method::OPTIONS, "/v1/login"))
        .await
        .assert_refused(405, "method_not_allowed");
    Answer::fetch(service.request(Method::TRACE, "/healthz")).await.assert_refused(405, "method_not_allowed");
    let unknown_method = Method::from_bytes(b"BREW").unwrap();
    Answer::fetch(service.request(unknown_method, "/healthz"))
        .await
        .assert_refused(405, "method_not_allowed");
    let metrics = Answer::fetch(service.get("/metrics")).await.text;
    assert!(
        !metrics.contains("BREW") && !metrics.contains("/nowhere"),
        "clients must not be able to create series"
    );
}

#[tokio::test]
async fn bodies_must_be_json() {
    let service = Service::start().await;
    let login = |kind: Option<&str>, body: &'static str| {
        let request = service.request(Method::POST, "/v1/login").body(body);
        match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        }
    };
    for kind in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
    {
        let problem = Answer::fetch(login(kind, "{}")).await.assert_refused(415, "not_json");
        assert_eq!(problem["field"], "content-type");
    }
    for body in [
        "",
        "{",
        r#"{"user": "a", "password": "b"} {}"#,
        "{\"user\": \"\\ud800\"}",
        "nul",
        "{\"user\": 1e999}",
        "\u{feff}{}",
    ] {
        Answer::fetch(login(Some("application/json; charset=utf-8"), body))
            .await
            .assert_refused(400, "bad_json");
    }
    let deep = format!("{{\"user\": {}", "[".repeat(100_000));
    let deep =
        service.request(Method::POST, "/v1/login").header("content-type", "application/json").body(deep);
    let deep = Answer::fetch(deep).await;
    assert!([400, 422].contains(&deep.status), "{}", deep.text);
    let invalid = service.request(Method::POST, "/v1/login").header("content-type", "application/json");
    Answer::fetch(invalid.body(b"{\"user\": \"\xff\"}".to_vec())).await.assert_refused(400, "bad_json");
    let twice = login(Some("application/json"), r#"{"user": "a", "user": "b", "password": "x"}"#);
    Answer::fetch(twice).await.assert_refused(422, "wrong_value");
}

/// Follows a `$ref`, if the schema is one.
fn resolve_ref<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

#[tokio::test]
async fn repeated_parameters_and_fields_are_refused() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let document = Answer::fetch(service.get("/v1/openapi.json")).await.json();
    let (mut parameters, mut fields) = (0, 0);
    for (path, operations) in document["paths"].as_object().unwrap() {
        // A question repeats an argument to pass a list. Companies exist only with Odoo.
        let is_checked = path != "/v1/questions" && path != "/v1/session/companies";
        let parameters_of_get = operations["get"]["parameters"].as_array().into_iter().flatten();
        for parameter in parameters_of_get.filter(|parameter| is_checked && parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let (first, other) = name.split_at(1);
            let again = format!("%{:02x}{other}", first.as_bytes()[0]);
            let path = format!("{}?{name}=1&{again}=1", path.replace("{id}", "0"));
            let problem =
                Answer::with_token(service.get(&path), &token).await.assert_refused(422, "wrong_value");
            assert_eq!(
                (&problem["field"], &problem["detail"]),
                (&json!(name), &json!("it is given more than once"))
            );
            parameters += 1;
        }
        let body = &operations["post"]["requestBody"]["content"]["application/json"]["schema"];
        for (name, schema) in resolve_ref(&document, body)["properties"].as_object().into_iter().flatten() {
            let value = match resolve_ref(&document, schema)["type"].as_str() {
                Some("boolean") => "true",
                Some("array") => "[]",
                Some("object") => "{}",
                _ => r#""0""#,
            };
            let (first, other) = name.split_at(1);
            let again = format!("\\u{:04x}{other}", first.as_bytes()[0]);
            let request = service.request(Method::POST, path).header("content-type", "application/json");
            let request = request.body(format!(r#"{{"{name}": {value}, "{again}": {value}}}"#));
            let problem = Answer::with_token(request, &token).await.assert_refused(422, "wrong_value");
            assert!(
                problem["detail"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("field `{name}` is given more than once")),
                "{problem}"
            );
            fields += 1;
        }
    }
    assert_eq!((parameters, fields), (10, 18));
}

#[tokio::test]
async fn bodies_must_be_objects() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let document = Answer::fetch(service.get("/v1/openapi.json")).await.json();
    let with_bodies = document["paths"].as_object().unwrap().iter();
    let with_bodies = with_bodies.filter(|(_, operations)| operations["post"].get("requestBody").is_some());
    let paths: Vec<&String> = with_bodies.map(|(path, _)| path).collect();
    assert_eq!(paths.len(), 7);
    for path in paths {
        for body in
            [json!([]), json!([ADMIN, PASSWORD, null, null, false]), json!("x"), json!(1), json!(null)]
        {
            let answer = Answer::with_token(service.post(path, body.clone()), &token).await;
            let problem = answer.assert_refused(422, "wrong_value");
            assert!(problem["detail"].as_str().unwrap().contains("expected an object"), "{path}: {problem}");
            assert_eq!(problem.get("field"), None, "{path} {body}");
        }
    }
    let batch = json!({"questions": [{"call": "parent_org"}, [null, "parent_org", {"org": "0"}]]});
    let problem = Answer::with_token(service.post("/v1/questions/batch", batch), &token).await;
    let problem = problem.assert_refused(422, "wrong_value");
    assert!(problem["detail"].as_str().unwrap().contains("expected an object"), "{problem}");
    assert_eq!(problem["field"], "questions[1]");
    assert_eq!(
        Answer::with_token(service.get("/v1/session"), &token).await.status,
        200,
        "the refused requests must not end the session"
    );
}

#[tokio::test]
async fn long_answers_are_compressed_as_negotiated() {
    let service = Service::start().await;
    let plain = Answer::fetch(service.get("/v1/openapi.json")).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    for (accepted, used) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip;q=0.5, br;q=0.9", "br"),
        ("identity", ""),
        ("gzip;q=0", ""),
        ("compress", ""),
        ("gzip;q=abc", ""),
        ("", ""),
        ("*;q=0.1, zstd;q=0", "br"),
        // Uncompressed even if the client refuses that: an answer is better than 406.
        ("identity;q=0", ""),
        ("*;q=0", ""),
        ("identity;q=0, gzip;q=0", ""),
    ] {
        let answer = Answer::fetch(service.get("/v1/openapi.json").header("accept-encoding", accepted)).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, used), "{accepted}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let admin = service.token(ADMIN).await;
    let compression =
        Answer::with_token(service.get("/v1/admin/statistics"), &admin).await.json()["compression"].clone();
    let whole = u64::try_from(plain.text.len()).unwrap();
    assert_eq!(compression["bytes_in"], 5 * whole);
    assert!(
        compression["bytes_out"].as_u64().unwrap() < whole && compression["ratio"].as_f64().unwrap() > 4.0
    );
}

#[tokio::test]
async fn short_answers_and_secrets_are_not_compressed() {
    let service = Service::start_with(|settings| settings.compress_from = 1).await;
    let token = service.token(ADMIN).await;
    let zipped = |path: &str| service.get(path).header("accept-encoding", "gzip, br, zstd");
    let tree = Answer::with_token(zipped("/v1/tree"), &token).await;
    assert_ne!(tree.header("content-encoding"), "");
    let form = json!({"user": ADMIN, "password": PASSWORD});
    let login = Answer::fetch(service.post("/v1/login", form).header("accept-encoding", "gzip")).await;
    assert_eq!((login.status, login.header("content-encoding")), (200, ""));
    assert_eq!(Answer::with_token(zipped("/v1/session"), &token).await.header("content-encoding"), "");

    let usual = Service::start().await;
    let token = usual.token(ADMIN).await;
    let tree = Answer::with_token(usual.get("/v1/tree").header("accept-encoding", "gzip"), &token).await;
    assert_eq!(tree.header("content-encoding"), "", "{} bytes are too few to compress", tree.text.len());
}

#[tokio::test]
async fn metrics_count_requests_and_logins() {
    let service = Service::start().await;
    service.token(ADMIN).await;
    Answer::fetch(service.post("/v1/login", json!({"user": ADMIN, "password": "x"})))
        .await
        .assert_refused(401, "unauthorized");
    let metrics = Answer::fetch(service.get("/metrics")).await;
    assert_eq!(metrics.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for line in [
        r#"orgcache_http_requests_total{method="POST",route="/v1/login",status="200"} 1"#,
        r#"orgcache_http_requests_total{method="POST",route="/v1/login",status="401"} 1"#,
        "orgcache_logins_failed_total 1",
        "orgcache_logins_total 1",
        "orgcache_sessions 1",
        "orgcache_trees 1",
        "# EOF",
    ] {
        assert!(metrics.text.lines().any(|shown| shown == line), "no `{line}` in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn only_the_demonstration_page_offers_users() {
    let page = async |service: &Service| Answer::fetch(service.get("/")).await.text;
    let service = Service::start().await;
    assert!(!page(&service).await.contains("data-demonstration"));
    assert_eq!(Answer::fetch(service.get("/page/demonstration.json")).await.status, 404);

    let user = DemonstrationUser { name: "F&B".into(), client: "Food".into(), role: "Sales".into() };
    let users = Demonstration { password: "public".into(), first: user.name.clone(), users: vec![user] };
    let service = Service::start_with(|settings| settings.demonstration = Some(users)).await;
    assert!(page(&service).await.contains("<html data-demonstration "));
    let offered = Answer::fetch(service.get("/page/demonstration.json")).await.json();
    let user = json!({"name": "F&B", "client": "Food", "role": "Sales"});
    assert_eq!(offered, json!({"password": "public", "first": "F&B", "users": [user]}));
}
