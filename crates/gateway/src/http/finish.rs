//! What every request goes through, outermost: an id, a time limit, a log line, counters, and an answer that browsers may be
//! trusted with.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use session_axum::Problem;
use tracing::Instrument;

use super::gateway::Gateway;
use super::peer::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn finish(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let peer = Peer::of(&request, &gateway.settings().trusted_proxies);
    let id = request_id(request.headers(), peer);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // At the level of errors, so that whatever is logged on the way carries the id.
    let span = tracing::error_span!("request", id);

    let _under_way = gateway.inner.metrics.begin();
    let response = match refuse(&gateway, &request) {
        Some(problem) => problem.into_response(),
        None => answer(&gateway, request, next).instrument(span).await,
    };
    let response = render(&gateway, response, &id, route.as_deref());

    let (status, took) = (response.status(), began.elapsed());
    gateway.inner.metrics.request(&method, route.as_deref(), status, took);
    log(&method, route.as_deref(), status, took, &id, peer);
    response
}

/// The id of a request: a trusted proxy's, or a new one.
fn request_id(headers: &HeaderMap, peer: Peer) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        peer.is_proxied && (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
    });
    if let Some(id) = given {
        return id.to_owned();
    }
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    // Without random bytes ids of two processes may be alike; nothing depends on them but reading logs.
    let process = PROCESS.get_or_init(|| getrandom::u64().unwrap_or_default());
    format!("{process:016x}-{:x}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Refuses what no route has to look at.
fn refuse(gateway: &Gateway, request: &Request) -> Option<Problem> {
    if !gateway.settings().local_names_only {
        return None;
    }
    // A page elsewhere may have its own name resolve to this machine; the name gives it away.
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| name.eq_ignore_ascii_case(local));
    let misdirected = || {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected")
            .with_detail("this service is on loopback and answers only for `localhost`")
            .with_field("host")
    };
    (!is_local).then(misdirected)
}

async fn answer(gateway: &Gateway, request: Request, next: Next) -> Response {
    match tokio::time::timeout(gateway.settings().answer_within, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the answer takes too long").into_response(),
    }
}

/// Gives an answer the headers that all answers have, and every refusal the same shape.
fn render(gateway: &Gateway, response: Response, id: &str, route: Option<&str>) -> Response {
    let mut response = shaped(response, id);
    let is_page = response.headers().get(CONTENT_SECURITY_POLICY).is_some();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if !is_page {
        set(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    }
    if route.is_none_or(|route| route.starts_with("/v1/")) {
        set(CACHE_CONTROL, "no-store");
    }
    if gateway.settings().secure {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// A refusal as a problem with the request's id, whoever refused.
fn shaped(mut response: Response, id: &str) -> Response {
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || response.extensions().get::<super::mcp::Shaped>().is_some() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => Problem::new(status, code(status)),
    };
    let mut shaped = problem.with_request_id(id).into_response();
    for (name, value) in response.headers() {
        let is_of_body = name == CONTENT_TYPE || name.as_str().starts_with("content-") || name == VARY;
        if !is_of_body {
            shaped.headers_mut().insert(name, value.clone());
        }
    }
    shaped
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::INTERNAL_SERVER_ERROR => "internal",
        _ => "refused",
    }
}

fn log(
    method: &Method,
    route: Option<&str>,
    status: StatusCode,
    took: std::time::Duration,
    id: &str,
    peer: Peer,
) {
    let (status, route, micros) = (status.as_u16(), route.unwrap_or("-"), took.as_micros());
    let address = peer.address;
    if status >= 500 {
        tracing::error!(%method, route, status, micros, request = id, %address, "answered");
    } else {
        tracing::info!(%method, route, status, micros, request = id, %address, "answered");
    }
}
