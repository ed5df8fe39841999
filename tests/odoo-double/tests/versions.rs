//! The double gives the answers of real servers of versions 17, 18 and 19, route by route.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use odoo_double::{Behaviour, Model, OdooDouble, version_exchanges};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Answer {
    status: u64,
    head: String,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Sends a request on its own connection.
async fn send(double: &OdooDouble, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(double.url().trim_start_matches("http://")).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: double\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
}

/// The session cookie of a user.
async fn session(double: &OdooDouble, login: &str) -> String {
    let body = json!({"params": {"db": "odoo", "login": login, "password": "<password>"}}).to_string();
    let json = [("Content-Type", "application/json")];
    let answer = send(double, "POST", "/web/session/authenticate", &json, &body).await;
    answer.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// The comparable part of a result: its shape, since the records differ, and the version it reports.
fn shape(result: &Value) -> Value {
    match result {
        Value::Null | Value::Bool(_) => result.clone(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(items) => json!(["list", items.first().map(shape)]),
        Value::Object(fields) => {
            let version = ["server_version_info", "version_info"].iter().find_map(|name| fields.get(*name));
            json!(["object", version.map(|version| version[0].clone())])
        }
    }
}

/// The comparable part of an answer. JSON parsers have different messages.
fn essence(status: u64, content_type: &str, body: &Value) -> Value {
    let told = |class: &Value, message: &Value| {
        let own_words = class == "json.decoder.JSONDecodeError" || class == "werkzeug.exceptions.BadRequest";
        // On a server, the class of the method is the model's.
        let message = message.as_str().map(|text| match (class.as_str(), text.split_once("() ")) {
            (Some("builtins.TypeError"), Some((_, rest))) => rest,
            _ => text,
        });
        json!([class, message.filter(|_| !own_words)])
    };
    let kind = content_type.split(';').next();
    let data = &body["error"]["data"];
    if data.is_object() {
        let error = &body["error"];
        let named = body["id"].is_null();
        return json!([
            status,
            kind,
            named,
            error["code"],
            error["message"],
            told(&data["name"], &data["message"])
        ]);
    }
    if let (true, Some(_)) = (status >= 400, body.get("name")) {
        return json!([status, kind, told(&body["name"], &body["message"])]);
    }
    match body.get("result") {
        _ if kind == Some("text/html") => json!([status, kind]),
        Some(result) => json!([status, kind, body["id"].is_null(), shape(result)]),
        None => json!([status, kind, shape(body)]),
    }
}

/// A double of a version, with contacts.
async fn double(version: u32) -> OdooDouble {
    let double = OdooDouble::start(Behaviour { version, database_filter: true, ..Behaviour::default() })
        .await
        .unwrap();
    let mut partners = Model::with_fields(&[
        ("name", "char"),
        ("email", "char"),
        ("is_company", "boolean"),
        ("create_date", "datetime"),
        ("message_ids", "one2many"),
    ]);
    for id in 1..=600 {
        partners.insert(id, &json!({"name": format!("Azure {id}"), "is_company": true}));
    }
    double.put_model("res.partner", partners);
    let nameless = || Model::with_fields(&[("name", "char")]);
    double.put_model("res.country", nameless());
    double.put_model("res.company", nameless());
    double.put_model("ir.model", Model { closed: true, ..nameless() });
    double.put_model("res.users", Model::with_fields(&[("name", "char")]));
    double
}

#[tokio::test]
async fn every_version_answers_as_recorded() {
    let mut differences = Vec::new();
    for version in [17, 18, 19] {
        let double = double(version).await;
        let (admin, ana) = (session(&double, "admin").await, session(&double, "ana").await);
        let exchanges: Vec<Value> = version_exchanges();
        let own: Vec<&Value> = exchanges.iter().filter(|it| it["version"] == version).collect();
        assert!(own.len() > 50, "{}", own.len());
        for exchange in own {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            let headers: Vec<(String, String)> = request["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| {
                    let value = value.as_str().unwrap();
                    let value = value.replace("session_id=<session admin>", &admin);
                    (name.clone(), value.replace("session_id=<session ana>", &ana))
                })
                .collect();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            let body = match &request["body"] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
            let answer = send(&double, method, path, &headers, &body).await;
            let told = &response["headers"];
            let name = format!("{version} {path} {}", exchange["name"]);
            let given =
                essence(answer.status, answer.header("Content-Type").unwrap_or_default(), &answer.body);
            let recorded = essence(
                response["status"].as_u64().unwrap(),
                told["Content-Type"].as_str().unwrap_or_default(),
                &response["body"],
            );
            let challenges = [answer.header("WWW-Authenticate"), told["WWW-Authenticate"].as_str()];
            if given != recorded || challenges[0].map(str::trim) != challenges[1].map(str::trim) {
                differences.push(format!("{name}\n  double {given}\n  server {recorded}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn the_session_route_counts_wrong_passwords_and_no_other_does() {
    let double = double(19).await;
    let try_session = async |login: &str, password: &str| {
        let body = json!({"params": {"db": "odoo", "login": login, "password": password}}).to_string();
        let json = [("Content-Type", "application/json")];
        let answer = send(&double, "POST", "/web/session/authenticate", &json, &body).await;
        answer.body["error"]["data"]["message"].as_str().map(str::to_owned)
    };
    let json = [("Content-Type", "application/json"), ("Authorization", "bearer <wrong>")];
    for _ in 0..12 {
        let answer = send(&double, "POST", "/json/2/res.users/context_get", &json, "{}").await;
        assert_eq!(answer.status, 401);
    }
    for _ in 0..10 {
        assert_eq!(try_session("ana", "<wrong>").await.as_deref(), Some("Access Denied"));
    }
    let told = try_session("admin", "<password>").await.unwrap();
    assert!(told.starts_with("Too many login failures"), "{told}");
    double.behave(|behaviour| behaviour.login_rest = std::time::Duration::ZERO);
    assert_eq!(try_session("admin", "<password>").await, None);
}
