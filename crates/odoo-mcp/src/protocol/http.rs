//! `HttpService`: the protocol by streamable HTTP.

use core::convert::Infallible;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::Handler;
use super::sessions::Sessions;

/// Who may ask by HTTP, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The names under which the service may be addressed (`Host`), with or without a port; those of this machine
    /// (`localhost`, `127.0.0.1`, `::1`) if there are none.
    pub allowed_hosts: Vec<String>,
    /// The web pages that may ask (`Origin`), such as `https://agents.example.com:443`; no page if there are none. Programs
    /// that are no browser send no origin.
    pub allowed_origins: Vec<String>,
    /// How many sessions of the protocol there may be at a time: 64. The one that was not used for longest ends when
    /// there are more. With none, every request stands alone and every answer is plain JSON.
    pub max_sessions: usize,
    /// After how long without a request a session ends: 30 minutes.
    pub session_idle: Duration,
    /// How many bytes a request may have: 4 MiB.
    pub max_body_bytes: usize,
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

/// Answers one user by streamable HTTP, in sessions that no other service has. Clones share everything.
///
/// Clients of the protocol's versions before 2026-07-28 have sessions, whose answers are event streams; those of later versions
/// have none, and get plain JSON.
#[derive(Clone)]
pub struct HttpService {
    inner: StreamableHttpService<Handler, Sessions>,
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
        }
    }

    /// Answers a request. Whose it is must have been checked before.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Send + 'static,
    {
        self.answer_any(request.map(|body| body.map_err(|error| error.to_string()).boxed_unsync())).await
    }

    /// One type for all requests and answers: the protocol is compiled here, and not in every crate that calls.
    fn answer_any(
        &self,
        request: Request<UnsyncBoxBody<Bytes, String>>,
    ) -> BoxFuture<'_, Response<BoxBody<Bytes, Infallible>>> {
        self.inner.handle(request).boxed()
    }

    /// Ends all sessions and all streams of answers.
    pub fn close(&self) {
        self.inner.config.cancellation_token.cancel();
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
