//! The double gives the answers of the real server.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use odoo_double::{Behaviour, OdooDouble, session_exchanges, stateless_exchanges};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request on its own connection, and returns the answer's head and JSON.
async fn post(double: &OdooDouble, path: &str, cookie: &str, request: &Value) -> (String, Value) {
    let body = request.to_string();
    let mut stream = TcpStream::connect(double.url().trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: double\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

/// The comparable part of an answer: its result, or the code, class and message of its error. The recorded
/// answer to a login was reduced, so only its user is compared.
fn essence(response: &Value) -> Value {
    let error = &response["error"];
    if let Some(user) = response["result"].get("uid") {
        return user.clone();
    }
    serde_json::json!([response["result"], error["code"], error["data"]["name"], error["data"]["message"]])
}

#[tokio::test]
async fn the_stateless_route_answers_as_recorded() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let exchanges = stateless_exchanges();
    assert_eq!(exchanges.len(), 79);
    for exchange in exchanges {
        let mut request = exchange.request.clone();
        if exchange.name == "wrong password on execute_kw" {
            request["params"]["args"][2] = "<wrong>".into();
        }
        let (_, answer) = post(&double, &exchange.path, "", &request).await;
        assert_eq!(essence(&answer), essence(&exchange.response), "{}", exchange.name);
    }
}

#[tokio::test]
async fn the_session_routes_answer_as_recorded() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let mut cookie = String::new();
    for exchange in session_exchanges() {
        let sent = if exchange.name == "call_kw without a session" { "" } else { &cookie };
        let (head, answer) = post(&double, &exchange.path, sent, &exchange.request).await;
        assert_eq!(essence(&answer), essence(&exchange.response), "{}", exchange.name);
        if let Some((_, rest)) = head.split_once("Set-Cookie: ") {
            cookie = rest.split(';').next().unwrap().to_owned();
        }
    }
    assert_eq!(double.logins(), 2);
}

#[tokio::test]
async fn batches_and_packed_bodies_are_refused() {
    let double = OdooDouble::start(Behaviour::default()).await.unwrap();
    let (head, _) = post(&double, "/jsonrpc", "", &serde_json::json!([])).await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    assert!(head.contains("Connection: close"), "{head}");
}
