//! The protocol over HTTP.

use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use odoo_double::{Behaviour, OdooDouble};
use odoo_mcp::{HttpOptions, HttpService};
use serde_json::{Value, json};

use crate::support::{PARTNERS, double, server};

const BOTH: &str = "application/json, text/event-stream";

struct Web {
    service: HttpService,
    _double: OdooDouble,
}

impl Web {
    async fn new(options: HttpOptions) -> Self {
        let double = double(Behaviour::default()).await;
        let service = server(&double, &[("ODOO_YOLO", "read")]).http(&options);
        Web { service, _double: double }
    }

    async fn send(
        &self,
        method: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, Option<String>, Value) {
        let mut request = Request::builder().method(method).uri("/mcp").header(HOST, "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.service.answer(request.body(Full::from(body.to_owned())).unwrap()).await;
        let (status, session) = (response.status(), response.headers().get("mcp-session-id").cloned());
        let session = session.map(|session| session.to_str().unwrap().to_owned());
        (status, session, message(response).await)
    }

    /// Posts a message with the headers of a usual client.
    async fn post(&self, body: &str) -> (StatusCode, Option<String>, Value) {
        self.send("POST", &[("accept", BOTH), ("content-type", "application/json")], body).await
    }
}

/// The message of a response, which may be an event stream; null if there is none.
async fn message(
    response: Response<impl http_body::Body<Data = bytes::Bytes, Error = std::convert::Infallible>>,
) -> Value {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    let event = data.rfind(|data| !data.is_empty()).map(str::to_owned);
    let text = if is_json { Some(text) } else { event };
    text.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
}

fn initialize() -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18",
           "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
    .to_string()
}

fn count() -> String {
    let params =
        json!({"name": "search_records", "arguments": {"model": PARTNERS, "limit": 1, "fields": ["name"]}});
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string()
}

fn without_sessions() -> HttpOptions {
    let mut options = HttpOptions::default();
    options.max_sessions = 0;
    options
}

#[tokio::test]
async fn invalid_bodies_are_refused_with_their_id() {
    for options in [HttpOptions::default(), without_sessions()] {
        let web = Web::new(options).await;
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        let deep = format!(r#"{{"jsonrpc":"2.0","method":"ping","params":{{"a":{deep}}},"id":7}}"#);
        for (body, code, id) in [
            ("", -32700, Value::Null),
            ("nonsense", -32700, Value::Null),
            (r#"{"jsonrpc":"2.0","id":7,"method":"tools/list""#, -32700, json!(7)),
            (
                r#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"\ud83d"}}"#,
                -32700,
                json!("x"),
            ),
            (&deep, -32700, json!(7)),
            (r#"{"id":7,"method":"tools/list"}"#, -32600, json!(7)),
            (r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#, -32600, json!(1.5)),
            (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[1]}"#, -32602, json!(7)),
            ("[]", -32600, Value::Null),
            (r#"[{"jsonrpc":"2.0","id":7,"method":"ping"}]"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":{"x":7},"method":"ping"}"#, -32600, Value::Null),
            ("{}", -32600, Value::Null),
        ] {
            let (status, _, answer) = web.post(body).await;
            assert_eq!(status, 400, "{body}: {answer}");
            assert_eq!(
                (&answer["jsonrpc"], &answer["error"]["code"], &answer["id"]),
                (&json!("2.0"), &json!(code), &id),
                "{body}"
            );
        }
        // All other refusals have the form of the protocol too.
        let request = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
        for (headers, expected) in [
            (&[("accept", BOTH), ("content-type", "text/plain")][..], 415),
            (&[("accept", BOTH)], 415),
            (&[("accept", "text/html"), ("content-type", "application/json")], 406),
            (&[("accept", BOTH), ("content-type", "application/json"), ("mcp-session-id", "none")], 404),
            (&[("accept", BOTH), ("content-type", "application/json"), ("mcp-protocol-version", "x")], 400),
        ] {
            let (status, _, answer) = web.send("POST", headers, request).await;
            if status == 200 {
                // Without sessions the session id is ignored.
                assert_eq!(expected, 404);
                continue;
            }
            assert_eq!(status, expected, "{headers:?}: {answer}");
            assert!(answer["error"]["code"].is_number() && answer["id"] == 7, "{headers:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_error_for_a_large_body_names_the_setting() {
    let mut options = without_sessions();
    options.max_body_bytes = 500;
    let web = Web::new(options).await;
    let (status, _, answer) = web.post(&format!("{}{}", count(), " ".repeat(500))).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!(-32600)));
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("500") && message.contains("max_body_bytes"), "{message}");
    assert_eq!(web.post(&count()).await.2["result"]["structuredContent"]["total"], 60);
}

#[tokio::test]
async fn requests_that_accept_any_type_are_answered() {
    for accept in
        [Some("*/*"), Some("*/*;q=0.5"), Some("application/*, text/*"), Some("text/html, */*"), None]
    {
        for options in [HttpOptions::default(), without_sessions()] {
            let web = Web::new(options.clone()).await;
            let mut headers = vec![("content-type", "application/json; charset=utf-8")];
            headers.extend(accept.map(|accept| ("accept", accept)));
            let (status, session, answer) = web.send("POST", &headers, &initialize()).await;
            assert_eq!(
                (status, &answer["result"]["serverInfo"]["name"]),
                (StatusCode::OK, &json!("orgcache")),
                "{accept:?}"
            );
            assert_eq!(session.is_some(), options.max_sessions > 0);
            headers.extend(session.as_deref().map(|session| ("mcp-session-id", session)));
            let (status, _, answer) = web.send("POST", &headers, &count()).await;
            assert_eq!(
                (status, &answer["result"]["structuredContent"]["total"]),
                (StatusCode::OK, &json!(60)),
                "{accept:?}"
            );
        }
    }
    // Without sessions, accepting JSON suffices.
    let web = Web::new(without_sessions()).await;
    let headers = [(ACCEPT.as_str(), "application/json"), ("content-type", "application/json")];
    assert_eq!(web.send("POST", &headers, &count()).await.2["result"]["structuredContent"]["total"], 60);
}

#[tokio::test]
async fn delete_ends_a_session() {
    let web = Web::new(HttpOptions::default()).await;
    let (_, session, _) = web.post(&initialize()).await;
    let session = session.unwrap();
    for accept in [Some("*/*"), None] {
        let mut headers = vec![("mcp-session-id", &*session)];
        headers.extend(accept.map(|accept| ("accept", accept)));
        let (status, _, answer) = web.send("DELETE", &headers, "").await;
        assert_eq!(status, 204, "{answer}");
    }
    let headers = [("accept", BOTH), ("content-type", "application/json"), ("mcp-session-id", &*session)];
    assert_eq!(web.send("POST", &headers, &count()).await.0, 404);
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let (_, session, _) = web.post(&initialize()).await;
    let headers =
        [("accept", "*/*"), ("content-type", "application/json"), ("mcp-session-id", &*session.unwrap())];
    assert_eq!(web.send("POST", &headers, note).await, (StatusCode::ACCEPTED, None, Value::Null));
}
