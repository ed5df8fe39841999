//! `HttpService`: the protocol over streamable HTTP.

use core::convert::Infallible;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use serde_json::Value;

use super::accept::name_types;
use super::envelope::Envelope;
use super::message::{ProtocolRefusal, parse};
use super::sessions::Sessions;
use super::{Handler, origin};

/// The name of the setting for [`HttpOptions::max_body_bytes`].
const MAX_BODY_BYTES: &str = "max_body_bytes";

/// Accepted hosts and origins, and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Accepted values of `Host`, with or without a port; if empty, the names of this machine (`localhost`,
    /// `127.0.0.1`, `::1`).
    pub allowed_hosts: Vec<String>,
    /// Accepted values of `Origin`, such as `https://agents.example.com:443`; none if empty. Only browsers
    /// send an origin.
    pub allowed_origins: Vec<String>,
    /// Maximum number of protocol sessions: 64. If there are more, the least recently used one ends. With
    /// zero there are no sessions, and all answers are plain JSON.
    pub max_sessions: usize,
    /// Idle time after which a session ends: 30 minutes.
    pub session_idle: Duration,
    /// Maximum size of a request body, in bytes: 4 MiB.
    pub max_body_bytes: usize,
}

impl HttpOptions {
    /// Is this origin accepted?
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        origin::is_allowed(origin, &self.allowed_origins)
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_sessions: 64,
            session_idle: Duration::from_secs(1800),
            max_body_bytes: 4 << 20,
        }
    }
}

/// Serves one user over streamable HTTP, with separate protocol sessions. Clones share their state.
///
/// Clients of protocol versions before 2026-07-28 have sessions and get event streams. Clients of later
/// versions have no sessions and get plain JSON.
#[derive(Clone)]
pub struct HttpService {
    inner: StreamableHttpService<Handler, Sessions>,
    max_body_bytes: usize,
    has_sessions: bool,
}

impl HttpService {
    pub(crate) fn new(handler: Handler, options: &HttpOptions) -> Self {
        let mut config = StreamableHttpServerConfig::default()
            .with_allowed_origins(&options.allowed_origins)
            .enforce_origin_validation()
            .with_legacy_session_mode(options.max_sessions > 0)
            .with_json_response(true)
            .with_max_request_body_bytes(options.max_body_bytes);
        if !options.allowed_hosts.is_empty() {
            config = config.with_allowed_hosts(&options.allowed_hosts);
        }
        let sessions = Sessions::new(options.max_sessions, options.session_idle);
        HttpService {
            inner: StreamableHttpService::new(move || Ok(handler.clone()), Arc::new(sessions), config),
            max_body_bytes: options.max_body_bytes,
            has_sessions: options.max_sessions > 0,
        }
    }

    /// Answers a request. The caller must authenticate it first.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Send + 'static,
    {
        self.answer_any(request.map(|body| body.map_err(|error| error.to_string()).boxed_unsync())).await
    }

    /// Not generic, so that the protocol is compiled here and not in each crate that calls this.
    fn answer_any(&self, request: Request<UnsyncBoxBody<Bytes, String>>) -> BoxFuture<'_, Answer> {
        async move {
            let (mut parts, body) = request.into_parts();
            name_types(&parts.method, &mut parts.headers, !self.has_sessions);
            let (method, has_json) = (parts.method.clone(), is_json(&parts.headers));
            let body = match Limited::new(body, self.max_body_bytes).collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) if error.is::<LengthLimitError>() => {
                    let refusal = ProtocolRefusal::too_long(Value::Null, self.max_body_bytes, MAX_BODY_BYTES);
                    return refusal_response(StatusCode::PAYLOAD_TOO_LARGE, &refusal);
                }
                Err(error) => {
                    let message = format!("the body cannot be read: {error}");
                    return refusal_response(
                        StatusCode::BAD_REQUEST,
                        &ProtocolRefusal::malformed(Value::Null, message),
                    );
                }
            };
            let response = self.inner.handle(Request::from_parts(parts, Full::new(body.clone()))).await;
            match response.status() {
                // The content type is right, but the SDK could not parse the body, or took it for a
                // notification.
                StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::ACCEPTED
                    if method == Method::POST && has_json =>
                {
                    match parse(&body) {
                        Err(refusal) => refusal_response(StatusCode::BAD_REQUEST, &refusal),
                        Ok(_) => empty(StatusCode::ACCEPTED),
                    }
                }
                StatusCode::ACCEPTED if method == Method::DELETE => empty(StatusCode::NO_CONTENT),
                status if status.as_u16() >= 400 && !is_json(response.headers()) => {
                    as_json_rpc(response, &body).await
                }
                _ => response,
            }
        }
        .boxed()
    }

    /// Ends all sessions and all event streams.
    pub fn close(&self) {
        self.inner.config.cancellation_token.cancel();
    }
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn empty(status: StatusCode) -> Answer {
    let mut response = Response::new(Empty::new().boxed());
    *response.status_mut() = status;
    response
}

fn refusal_response(status: StatusCode, refusal: &ProtocolRefusal) -> Answer {
    let mut response = Response::new(Full::from(refusal.to_json().to_string()).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Converts a plain-text error of the SDK to a JSON-RPC error with the id of the request.
async fn as_json_rpc(response: Answer, request: &[u8]) -> Answer {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    let message = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let refusal = ProtocolRefusal::malformed(Envelope::from_bytes(request).id(), message);
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Response::from_parts(parts, Full::from(refusal.to_json().to_string()).boxed())
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
