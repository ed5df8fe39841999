//! `RequestId`: the id of a request in its answer and in the log.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::middleware::client_address::Peer;

/// The header with the id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the current request.
    static CURRENT: RequestId;
}

/// The id of a request: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug)]
pub(crate) enum RequestId {
    /// Generated here: a sequence number. Formatted only when needed.
    Own(u64),
    /// Received from a trusted proxy.
    Given(Arc<str>),
}

impl RequestId {
    /// The id from a trusted proxy, or a new one.
    pub(crate) fn for_request(headers: &HeaderMap, peer: Peer) -> Self {
        let of_proxy = if peer.is_proxied { headers.get(REQUEST_ID) } else { None };
        let given = of_proxy.and_then(|id| id.to_str().ok()).filter(|id| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
        });
        given.map_or_else(|| RequestId::Own(next()), |given| RequestId::Given(given.into()))
    }

    /// The id of the current request, if there is one.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs a future with this id as the current one.
    pub(crate) fn scope<T>(&self, answer: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self.clone(), answer)
    }

    /// Keeps the current id in a future that is spawned as a task.
    pub(crate) fn propagate<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let current = Self::current();
        async move {
            match current {
                Some(id) => id.scope(work).await,
                None => work.await,
            }
        }
    }

    /// The value of the header.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        match self {
            // `From<u64>` would allocate twice.
            RequestId::Own(number) => HeaderValue::try_from(number.to_string()).ok(),
            RequestId::Given(id) => HeaderValue::from_str(id).ok(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestId::Own(number) => number.fmt(f),
            RequestId::Given(id) => f.write_str(id),
        }
    }
}

/// The next sequence number. Starts at a random number, so that ids of different processes rarely collide.
/// Without random bytes they may collide, which only makes logs harder to read.
fn next() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| getrandom::u64().unwrap_or_default().into());
    NEXT.fetch_add(1, Ordering::Relaxed)
}
