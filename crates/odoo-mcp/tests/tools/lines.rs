//! The transport with one message per line.

use std::time::Duration;

use odoo_double::Behaviour;
use odoo_mcp::StreamOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};

use crate::support::{PARTNERS, begin_with, double};

const READ: &[(&str, &str)] = &[("ODOO_YOLO", "read")];

struct Connection {
    answers: Lines<BufReader<ReadHalf<DuplexStream>>>,
    requests: WriteHalf<DuplexStream>,
}

impl Connection {
    async fn new(options: StreamOptions) -> Self {
        Self::to_double(double(Behaviour::default()).await, options)
    }

    fn to_double(double: odoo_double::OdooDouble, options: StreamOptions) -> Self {
        let stream = begin_with(&double, READ, options);
        // Keep the double alive until the process ends.
        std::mem::forget(double);
        let (reader, requests) = tokio::io::split(stream);
        Connection { answers: BufReader::new(reader).lines(), requests }
    }

    async fn initialized(options: StreamOptions) -> Self {
        let mut connection = Self::new(options).await;
        let answer = connection.ask(&initialize()).await;
        assert_eq!(answer["result"]["serverInfo"]["name"], "orgcache");
        connection
    }

    async fn write(&mut self, text: &str) {
        self.requests.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer; `None` at the end.
    async fn answer(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(Duration::from_secs(30), self.answers.next_line());
        line.await.expect("no answer").unwrap().map(|line| serde_json::from_str(&line).unwrap())
    }

    async fn ask(&mut self, line: &str) -> Value {
        self.write(&format!("{line}\n")).await;
        self.answer().await.unwrap()
    }
}

fn request(id: impl Into<Value>, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params}).to_string()
}

fn initialize() -> String {
    let client = json!({"name": "test", "version": "1"});
    request(
        1,
        "initialize",
        &json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}),
    )
}

#[tokio::test]
async fn invalid_lines_are_answered_and_later_lines_too() {
    let mut connection = Connection::initialized(StreamOptions::default()).await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let deep = format!(r#"{{"jsonrpc":"2.0","method":"ping","params":{{"a":{deep}}},"id":"deep"}}"#);
    let surrogate = r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get_record","arguments":{"model":"\ud83d"}}}"#;
    for (line, code, id) in [
        ("nonsense", -32700, Value::Null),
        (surrogate, -32700, json!(5)),
        (&*deep, -32700, json!("deep")),
        (r#"{"jsonrpc":"2.0","id":6,"method":"tools/list""#, -32700, json!(6)),
        (r#"{"id":8,"method":"tools/list"}"#, -32600, json!(8)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, -32600, Value::Null),
        ("[]", -32600, Value::Null),
    ] {
        let answer = connection.ask(line).await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{line}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 10, "{answer}");
        let alive = connection.ask(&request("alive", "ping", &json!({}))).await;
        assert_eq!(alive, json!({"jsonrpc": "2.0", "id": "alive", "result": {}}));
    }
}

#[tokio::test]
async fn a_batch_is_answered_message_by_message_with_or_without_byte_order_mark() {
    let mut connection = Connection::initialized(StreamOptions::default()).await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1.0, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/unknown"},
        {"jsonrpc": "2.0", "id": "b", "method": "ping"},
        7,
        {"jsonrpc": "2.0", "id": {"x": 1}, "method": "ping"},
    ]);
    for mark in ["", "\u{feff}"] {
        connection.write(&format!("{mark}{batch}\n")).await;
        let mut answers: Vec<String> = Vec::new();
        for _ in 0..4 {
            let answer = connection.answer().await.unwrap();
            answers.push(format!("{} {}", answer["id"], answer["error"]["code"]));
        }
        answers.sort_unstable();
        assert_eq!(answers, ["\"b\" null", "1 null", "null -32600", "null -32600"]);
        let alive = connection.ask(&format!("{mark}{}", request("alive", "ping", &json!({})))).await;
        assert_eq!(alive["id"], "alive");
    }
}

#[tokio::test]
async fn an_overlong_message_is_refused_and_the_next_one_answered() {
    let mut options = StreamOptions::default();
    options.max_message_bytes = 1000;
    let mut connection = Connection::initialized(options).await;
    let long = |bytes: usize| json!({"name": "list_models", "arguments": {"x": "y".repeat(bytes)}});
    for bytes in [1000, 50_000, 300_000] {
        let first = request("long", "tools/call", &long(bytes));
        // Some clients write the id last.
        let last = format!("{{\"params\":{},\"method\":\"tools/call\",\"id\":\"long\"}}", long(bytes));
        for line in [first, last] {
            let answer = connection.ask(&line).await;
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &json!("long")));
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("1000") && message.contains("ODOO_MCP_MAX_MESSAGE_SIZE"), "{message}");
        }
    }
    let padded = format!("{}{}", request(2, "ping", &json!({})), " ".repeat(900));
    assert_eq!(connection.ask(&padded).await["result"], json!({}));
}

#[tokio::test]
async fn messages_before_initialize_do_not_close_the_connection() {
    let mut connection = Connection::new(StreamOptions::default()).await;
    connection.write("\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\r\n").await;
    connection.write("{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n").await;
    connection
        .write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}\n")
        .await;
    let early = connection.ask(&request(2, "tools/list", &json!({}))).await;
    assert_eq!((&early["id"], &early["error"]["code"]), (&json!(2), &json!(-32602)));
    assert_eq!(connection.ask("nonsense").await["error"]["code"], -32700);
    connection.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n").await;
    assert_eq!(connection.ask(&initialize()).await["id"], 1);
    assert!(connection.ask(&request(3, "tools/list", &json!({}))).await["result"]["tools"].is_array());
}

#[tokio::test]
async fn errors_for_invalid_parameters_name_the_tool_or_method() {
    let mut connection = Connection::initialized(StreamOptions::default()).await;
    for (method, params, code, expected) in [
        ("tools/call", json!({"name": "search_records", "arguments": [1]}), -32602, "search_records"),
        ("tools/call", json!({"name": "search_records", "arguments": 7}), -32602, "search_records"),
        ("tools/call", json!({"name": "search_records", "arguments": "model"}), -32602, "search_records"),
        ("tools/call", json!({"name": "search_rows", "arguments": {}}), -32602, "search_rows"),
        ("tools/call", json!({"name": 7}), -32602, "`name`"),
        ("tools/call", json!({"arguments": {}}), -32602, "`name`"),
        ("tools/call", json!([]), -32602, "tools/call"),
        ("resources/read", json!({}), -32602, "resources/read"),
        ("resources/read", json!({"uri": 7}), -32602, "resources/read"),
        ("no/such", json!({}), -32601, "no/such"),
    ] {
        let answer = connection.ask(&request(2, method, &params)).await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(2), &json!(code)), "{method} {params}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{method} {params}: {message}");
    }
    let as_text =
        json!({"name": "search_records", "arguments": json!({"model": PARTNERS, "limit": 1}).to_string()});
    let answer = connection.ask(&request(3, "tools/call", &as_text)).await;
    assert_eq!(answer["result"]["structuredContent"]["total"], 60, "{answer}");
    for arguments in [Value::Null, json!({}), json!([]), json!(""), json!("{'search': 'partner'}")] {
        let answer = connection
            .ask(&request(4, "tools/call", &json!({"name": "list_models", "arguments": arguments})))
            .await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

#[tokio::test]
async fn a_last_line_without_a_line_break_is_answered_before_the_end() {
    let mut behaviour = Behaviour::default();
    behaviour.delays.insert("web_search_read", Duration::from_millis(300));
    let mut connection = Connection::to_double(double(behaviour).await, StreamOptions::default());
    let search = json!({"name": "search_records", "arguments": {"model": PARTNERS, "fields": ["name"]}});
    connection.write(&format!("{}\n{}", initialize(), request(2, "tools/call", &search))).await;
    connection.requests.shutdown().await.unwrap();
    assert_eq!(connection.answer().await.unwrap()["id"], 1);
    let answer = connection.answer().await.unwrap();
    assert_eq!(answer["result"]["structuredContent"]["total"], 60, "{answer}");
    assert_eq!(connection.answer().await, None);
}

#[tokio::test]
async fn each_request_of_a_batch_is_answered() {
    let mut connection = Connection::initialized(StreamOptions::default()).await;
    let note = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
    let ping = |id: &str| request(id, "ping", &json!({}));
    connection.write(&format!("[{note}, {}, 7, {}]\n", ping("a"), ping("b"))).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(connection.answer().await.unwrap()["id"].clone());
    }
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, [json!("a"), json!("b"), Value::Null]);
}

#[tokio::test]
async fn an_id_in_use_is_refused() {
    let mut behaviour = Behaviour::default();
    behaviour.delays.insert("web_search_read", Duration::from_millis(500));
    let mut connection = Connection::to_double(double(behaviour).await, StreamOptions::default());
    connection.ask(&initialize()).await;
    let search = json!({"name": "search_records", "arguments": {"model": PARTNERS, "fields": ["name"]}});
    connection.write(&format!("{}\n", request(2, "tools/call", &search))).await;
    let twice = connection.ask(&request(2, "ping", &json!({}))).await;
    assert_eq!((&twice["id"], &twice["error"]["code"]), (&json!(2), &json!(-32600)));
    assert_eq!(connection.answer().await.unwrap()["result"]["structuredContent"]["total"], 60);
    assert_eq!(connection.ask(&request(2, "ping", &json!({}))).await["result"], json!({}));
}
