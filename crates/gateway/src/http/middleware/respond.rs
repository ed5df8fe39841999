//! `RespondLayer`: the outermost layer. It refuses invalid heads, and gives each request an id, a timeout, a
//! log line, metrics, the security headers and the error format.

use std::any::Any;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HOST, VARY};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use session_axum::Problem;
use tower::{Layer, Service};
use tracing::Instrument;

use crate::http::middleware::client_address::{ByUnixSocket, Peer, TrustedProxies};
use crate::http::middleware::compression::{accepted, compress, is_worth_it};
use crate::http::middleware::metrics::{InFlightCount, Metrics};
use crate::http::middleware::request_id::RequestId;
use crate::http::middleware::security_headers::SecurityHeaders;
use crate::http::middleware::timeout::within;

/// The name of the span of a request.
pub(crate) const REQUEST_SPAN: &str = "request";

/// The settings of [`RespondLayer`].
#[derive(Debug)]
pub(crate) struct RespondPolicy {
    /// The timeout of requests.
    pub(crate) answer_within: Duration,
    /// The maximum size of a request's head, in bytes.
    pub(crate) max_head_bytes: usize,
    /// Whether to answer only requests whose `Host` names this machine.
    pub(crate) local_names_only: bool,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) headers: SecurityHeaders,
    pub(crate) metrics: Arc<Metrics>,
}

/// The outermost layer, around each handler. It combines several layers of tower-http in one.
#[derive(Clone, Debug)]
pub(crate) struct RespondLayer {
    policy: Arc<RespondPolicy>,
    /// The path template of the route. `None` for requests that match no route.
    route: Option<&'static str>,
    compress_from: Option<u64>,
}

impl RespondLayer {
    /// Creates a layer that does not compress answers.
    pub(crate) fn new(policy: RespondPolicy) -> Self {
        RespondLayer { policy: Arc::new(policy), route: None, compress_from: None }
    }

    /// Sets the route, which the log and the metrics name. axum's `MatchedPath` would cost an extension per
    /// request.
    pub(crate) fn for_route(&self, route: &'static str) -> Self {
        RespondLayer { route: Some(route), ..self.clone() }
    }

    /// Compresses answers of at least `from` bytes. Only for answers without secrets.
    pub(crate) fn compressing(self, from: u64) -> Self {
        RespondLayer { compress_from: Some(from), ..self }
    }
}

impl<S> Layer<S> for RespondLayer {
    type Service = RespondService<S>;

    fn layer(&self, inner: S) -> RespondService<S> {
        RespondService { layer: self.clone(), inner }
    }
}

/// The future of an answer.
pub(crate) type AnswerFuture = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// A service wrapped by [`RespondLayer`].
#[derive(Clone, Debug)]
pub(crate) struct RespondService<S> {
    layer: RespondLayer,
    inner: S,
}

impl<S> Service<Request> for RespondService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let policy = &self.layer.policy;
        let in_flight = InFlightRequest::new(policy, self.layer.route, &request);
        if let Some(problem) = refuse(policy, &request) {
            return Box::pin(async move { Ok(in_flight.finish(problem.into_response())) });
        }
        let compress_from = self.layer.compress_from;
        let accepted = compress_from.and_then(|_| accepted(request.headers()));
        // The call does nothing before it is polled.
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = in_flight.wait(pin!(answer)).await;
            if let Some(from) = compress_from
                && is_worth_it(from, &response)
            {
                // Few answers are large, so box their future to keep this one small.
                let totals = Arc::clone(in_flight.policy.metrics.compression());
                response = Box::pin(async move { compress(accepted, response, &totals).await }).await;
            }
            Ok(in_flight.finish(response))
        })
    }
}

/// The future of a route's answer. One type for all routes, so that the code that awaits it exists once.
type HandlerFuture<'a> = Pin<&'a mut (dyn Future<Output = Result<Response, Infallible>> + Send)>;

/// The data of a request that its log line and metrics need.
struct InFlightRequest {
    policy: Arc<RespondPolicy>,
    started: Instant,
    _counted: InFlightCount,
    peer: Peer,
    id: RequestId,
    method: Method,
    route: Option<&'static str>,
}

impl InFlightRequest {
    fn new(policy: &Arc<RespondPolicy>, route: Option<&'static str>, request: &Request) -> Self {
        let peer = Peer::from_request(request, &policy.trusted_proxies);
        InFlightRequest {
            policy: Arc::clone(policy),
            started: Instant::now(),
            _counted: policy.metrics.begin_request(),
            peer,
            id: RequestId::for_request(request.headers(), peer),
            method: request.method().clone(),
            route,
        }
    }

    /// Waits for the answer of a route.
    async fn wait(&self, answer: HandlerFuture<'_>) -> Response {
        let id = &self.id;
        // At the level of errors, so that every line logged during the request has the id under any filter.
        // (The log of `orgcache` itself reads the id only when it writes a line.)
        let span = tracing::error_span!(REQUEST_SPAN, %id);
        id.scope(in_time(self.policy.answer_within, answer)).instrument(span).await
    }

    /// Completes an answer, logs it and counts it.
    fn finish(self, response: Response) -> Response {
        let mut response = as_problem(response, &self.id);
        let (status, took) = (response.status(), self.started.elapsed());
        self.log(status, took);
        self.policy.headers.add_to(&mut response, self.route, &self.id);
        self.policy.metrics.record_request(&self.method, self.route, status, took);
        response
    }

    fn log(&self, status: StatusCode, took: Duration) {
        let InFlightRequest { peer: Peer { address, .. }, id, method, route, .. } = self;
        let (status, route) = (status.as_u16(), route.unwrap_or("-"));
        // tracing writes 128-bit numbers as text.
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if status >= 500 {
            tracing::error!(%method, route, status, micros, request = id.to_string(), %address, "answered");
        } else {
            tracing::info!(%method, route, status, micros, request = id.to_string(), %address, "answered");
        }
    }
}

/// The size of a request's first line and of the empty line after its head, as most clients write them.
fn line_bytes(request: &Request) -> usize {
    let uri = request.uri();
    request.method().as_str().len()
        + uri.authority().map_or(0, |it| "http://".len() + it.as_str().len())
        + uri.path_and_query().map_or(0, |it| it.as_str().len())
        + " HTTP/1.1\r\n\r\n ".len()
}

/// Refuses requests with an invalid head.
fn refuse(policy: &RespondPolicy, request: &Request) -> Option<Problem> {
    // A single pass over the headers: requests have few, and look-ups take longer.
    let (mut bytes, mut hosts, mut host) = (line_bytes(request), 0, None);
    for (name, value) in request.headers() {
        bytes += name.as_str().len() + value.len() + ": \r\n".len();
        if *name == HOST {
            hosts += 1;
            host = Some(value);
        }
    }
    // The server itself refuses a head only above twice the limit.
    let limit = policy.max_head_bytes;
    if bytes > limit {
        return Some(
            Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large")
                .with_detail(format!("the head is longer than {limit} bytes")),
        );
    }
    let bad_host = |code| Problem::new(StatusCode::BAD_REQUEST, code).with_field("host");
    if hosts > 1 {
        return Some(bad_host("several_hosts").with_detail("a request names one host"));
    }
    if host.is_none() && request.version() == Version::HTTP_11 {
        return Some(bad_host("no_host").with_detail("a request of HTTP/1.1 has the header `host`"));
    }
    if !policy.local_names_only || request.extensions().get::<ByUnixSocket>().is_some() {
        return None;
    }
    // Prevents DNS rebinding: a page's own host name may resolve to this machine. A target in absolute form
    // takes precedence over the header (RFC 9112, 3.2.2).
    let target = request.uri().authority().map(Authority::as_str);
    let host = target.or_else(|| host?.to_str().ok()).unwrap_or_default();
    let misdirected = || {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected")
            .with_detail("this service is on loopback and answers only for `localhost`")
            .with_field("host")
    };
    (!is_loopback(host)).then(misdirected)
}

/// Whether a host, with or without a port, is `localhost` or a loopback address.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let of_brackets = || name.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = || name.parse().ok().map(IpAddr::V4).or_else(of_brackets);
    name.eq_ignore_ascii_case("localhost") || address().is_some_and(|address| address.is_loopback())
}

/// Waits for an answer up to the limit. Answers for a handler that panics or takes too long.
async fn in_time(limit: Duration, answer: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match within(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Some(Ok(Ok(response))) => response,
        Some(Err(panic)) => panicked(panic.as_ref()).into_response(),
        None => Problem::unavailable("the answer takes too long").into_response(),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing");
    tracing::error!(said, "a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

/// Marks an answer with its own error format, which is kept.
#[derive(Clone, Copy)]
pub(crate) struct OwnErrorFormat;

/// Converts an error answer of any layer to a problem with the request's id.
fn as_problem(mut response: Response, id: &RequestId) -> Response {
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || response.extensions().get::<OwnErrorFormat>().is_some() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => Problem::new(status, code(status)),
    };
    let mut refusal = problem.with_request_id(id.to_string()).into_response();
    for (name, value) in response.headers() {
        let is_of_body = name == CONTENT_TYPE || name.as_str().starts_with("content-") || name == VARY;
        if !is_of_body {
            refusal.headers_mut().insert(name, value.clone());
        }
    }
    refusal
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::INTERNAL_SERVER_ERROR => "internal",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panics_and_timeouts_are_answered() {
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
