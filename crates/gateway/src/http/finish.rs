//! What every request goes through, outermost: an id, a time limit, a log line, counters, and an answer that browsers may be
//! trusted with.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CONTENT_TYPE, HOST, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use session_axum::Problem;
use tower::{Layer, Service};
use tracing::Instrument;

use super::compression;
use super::gateway::Gateway;
use super::peer::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most bytes of an id that is given here: two numbers in hexadecimal digits, and what is between them.
const LONGEST_OWN_ID: usize = 16 + 1 + 16;

/// The layer around everything else.
#[derive(Clone, Debug)]
pub(crate) struct Finish(pub(crate) Gateway);

impl<S> Layer<S> for Finish {
    type Service = Finished<S>;

    fn layer(&self, inner: S) -> Finished<S> {
        Finished { gateway: self.0.clone(), inner }
    }
}

/// A service whose answers are fit to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Finished<S> {
    gateway: Gateway,
    inner: S,
}

impl<S> Service<Request> for Finished<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let gateway = self.gateway.clone();
        let began = Instant::now();
        let under_way = gateway.inner.metrics.begin();
        let peer = Peer::of(&request, &gateway.settings().trusted_proxies);
        let id = request_id(request.headers(), peer);
        let method = request.method().clone();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let accepted = compression::accepted(request.headers());
        // Begun here, it runs when it is polled.
        let answer = match refuse(&gateway, &request) {
            Some(problem) => Err(problem),
            None => Ok(self.inner.call(request)),
        };
        Box::pin(async move {
            let response = match answer {
                Ok(answer) => {
                    // At the level of errors, so that whatever is logged on the way carries the id.
                    let span = tracing::error_span!("request", %id);
                    in_time(gateway.settings().answer_within, answer).instrument(span).await
                }
                Err(problem) => problem.into_response(),
            };
            let response = compression::compress(&gateway, accepted, response).await;
            let response = render(&gateway, response, &id, route.as_ref().map(MatchedPath::as_str));
            let (status, took) = (response.status(), began.elapsed());
            log(&method, route.as_ref().map(MatchedPath::as_str), status, took, &id, peer);
            gateway.inner.metrics.request(&method, route, status, took);
            drop(under_way);
            Ok(response)
        })
    }
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
    static PROCESS: OnceLock<String> = OnceLock::new();
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    // Without random bytes ids of two processes may be alike; nothing depends on them but reading logs.
    let process = PROCESS.get_or_init(|| format!("{:016x}", getrandom::u64().unwrap_or_default()));
    let mut id = String::with_capacity(LONGEST_OWN_ID);
    id.push_str(process);
    // Writing to a text cannot fail.
    let _ = write!(id, "-{:x}", NUMBER.fetch_add(1, Ordering::Relaxed));
    id
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

/// Waits for an answer, but not for ever. A handler that panics has answered, too.
async fn in_time(limit: Duration, answer: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(panic)) => panicked(panic.as_ref()).into_response(),
        Err(_) => Problem::unavailable("the answer takes too long").into_response(),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing");
    tracing::error!(said, "a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

/// Gives an answer the headers that all answers have, and every refusal the same shape.
fn render(gateway: &Gateway, response: Response, id: &str, route: Option<&str>) -> Response {
    let mut response = shaped(response, id);
    let headers = response.headers_mut();
    gateway.inner.headers.add_to(headers, route);
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

fn log(method: &Method, route: Option<&str>, status: StatusCode, took: Duration, id: &str, peer: Peer) {
    let (status, route) = (status.as_u16(), route.unwrap_or("-"));
    // A number of 128 bits would be written as text.
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let address = peer.address;
    if status >= 500 {
        tracing::error!(%method, route, status, micros, request = id, %address, "answered");
    } else {
        tracing::info!(%method, route, status, micros, request = id, %address, "answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_panics_or_takes_too_long_is_answered_for() {
        let minute = Duration::from_secs(60);
        let fine = in_time(minute, async { Ok(StatusCode::NO_CONTENT.into_response()) }).await;
        assert_eq!(fine.status(), StatusCode::NO_CONTENT);
        let panicked = in_time(minute, async { panic!("on purpose") }).await;
        assert_eq!(panicked.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let said = panicked.extensions().get::<Problem>().unwrap().to_json();
        assert!(said.contains(":internal") && !said.contains("purpose"), "{said}");
        let slow = in_time(Duration::ZERO, std::future::pending()).await;
        assert_eq!(slow.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
