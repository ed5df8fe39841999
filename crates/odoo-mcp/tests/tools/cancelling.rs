//! A cancelled call sends nothing more in any of its steps, and is not answered.

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

const MOMENT: Duration = Duration::from_millis(80);
const LONG: Duration = Duration::from_millis(400);

/// Begins a call and cancels it after a moment.
async fn cancel(agent: &Agent, tool: &'static str, arguments: Value) {
    let arguments = arguments.as_object().unwrap().clone();
    let request = CallToolRequest::new(CallToolRequestParams::new(tool).with_arguments(arguments));
    let request = ClientRequest::CallToolRequest(request);
    let handle =
        agent.client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    tokio::time::sleep(MOMENT).await;
    handle.cancel(None).await.unwrap();
    tokio::time::sleep(LONG * 2).await;
}

#[tokio::test]
async fn whatever_step_a_creation_is_in_nothing_follows() {
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
async fn a_deletion_that_still_reads_the_name_does_not_delete() {
    let behaviour = Behaviour { delays: [("read", LONG)].into(), ..Behaviour::default() };
    let agent = Agent::with(double(behaviour).await, &[("ODOO_YOLO", "true")]).await;
    cancel(&agent, "delete_record", json!({"model": PARTNERS, "record_id": 1})).await;
    assert_eq!(agent.double.with_model(PARTNERS, |model| model.records.len()), Some(60));
}

#[tokio::test]
async fn a_client_that_closes_its_request_over_http_has_cancelled() {
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
        let closed = tokio::time::timeout(MOMENT * 2, service.answer(request)).await;
        assert!(closed.is_err(), "{slow}: it was closed in the middle");
        tokio::time::sleep(LONG * 2).await;
        let records = double.with_model(PARTNERS, |model| model.records.len()).unwrap();
        assert_eq!(records, 60 + created, "{slow}");
        let last = double.calls().last().map(|call| call.method.clone());
        assert_eq!(last.as_deref(), Some(slow), "nothing follows");
    }
}
