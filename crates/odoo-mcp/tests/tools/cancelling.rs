//! A cancelled call sends nothing more, whatever step it is in, and gets no answer.

use core::time::Duration;

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http_body_util::Full;
use odoo_double::Behaviour;
use odoo_mcp::HttpOptions;
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest};
use rmcp::service::PeerRequestOptions;
use serde_json::{Value, json};

use crate::support::{Agent, PARTNERS, double, server};

const SHORT: Duration = Duration::from_millis(80);
const LONG: Duration = Duration::from_millis(400);

/// Starts a call and cancels it after a short time.
async fn cancel(agent: &Agent, tool: &'static str, arguments: Value) {
    let arguments = arguments.as_object().unwrap().clone();
    let request = CallToolRequest::new(CallToolRequestParams::new(tool).with_arguments(arguments));
    let request = ClientRequest::CallToolRequest(request);
    let handle =
        agent.client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    tokio::time::sleep(SHORT).await;
    handle.cancel(None).await.unwrap();
    tokio::time::sleep(LONG * 2).await;
}

#[tokio::test]
async fn a_cancelled_creation_sends_nothing_more_in_any_step() {
    for (slow, created) in [("login", 0), ("fields_get", 0), ("create", 1), ("read", 1)] {
        let behaviour = Behaviour { delays: [(slow, LONG)].into(), ..Behaviour::default() };
        let agent = Agent::with(double(behaviour).await, &[("ODOO_YOLO", "true")]).await;
        cancel(&agent, "create_record", json!({"model": PARTNERS, "values": {"name": "New"}})).await;
        let records = agent.double.with_model(PARTNERS, |model| model.records.len()).unwrap();
        assert_eq!(records, 60 + created, "{slow}");
        let methods = agent.methods(PARTNERS);
        let last = methods.last().map(String::as_str);
        let expected = [("login", None), ("fields_get", Some("fields_get")), ("create", Some("create"))];
        let expected =
            expected.iter().find(|(name, _)| *name == slow).map_or(Some("read"), |(_, last)| *last);
        assert_eq!(last, expected, "{slow}: {methods:?}");
    }
}

#[tokio::test]
async fn a_deletion_cancelled_before_the_write_deletes_nothing() {
    let behaviour = Behaviour { delays: [("read", LONG)].into(), ..Behaviour::default() };
    let agent = Agent::with(double(behaviour).await, &[("ODOO_YOLO", "true")]).await;
    cancel(&agent, "delete_record", json!({"model": PARTNERS, "record_id": 1})).await;
    assert_eq!(agent.double.with_model(PARTNERS, |model| model.records.len()), Some(60));
}

#[tokio::test]
async fn closing_the_connection_of_a_request_over_http_cancels_it() {
    let mut options = HttpOptions::default();
    options.max_sessions = 0;
    for (slow, created) in [("fields_get", 0), ("create", 1)] {
        let behaviour = Behaviour { delays: [(slow, LONG)].into(), ..Behaviour::default() };
        let double = double(behaviour).await;
        let service = server(&double, &[("ODOO_YOLO", "true")]).http(&options);
        let params =
            json!({"name": "create_record", "arguments": {"model": PARTNERS, "values": {"name": "New"}}});
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string();
        let request = Request::post("/mcp")
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(Full::from(body))
            .unwrap();
        let closed = tokio::time::timeout(SHORT * 2, service.answer(request)).await;
        assert!(closed.is_err(), "{slow}: answered before the cancellation");
        tokio::time::sleep(LONG * 2).await;
        let records = double.with_model(PARTNERS, |model| model.records.len()).unwrap();
        assert_eq!(records, 60 + created, "{slow}");
        let last = double.calls().last().map(|call| call.method.clone());
        assert_eq!(last.as_deref(), Some(slow), "nothing more is sent");
    }
}
