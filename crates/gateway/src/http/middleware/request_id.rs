//! `RequestId`: what a request is called in its answer and in the log.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::middleware::client_address::Peer;

/// The header with it.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the request that is being answered.
    static CURRENT: RequestId;
}

/// The id of a request: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug)]
pub(crate) enum RequestId {
    /// Given here: the next number. It becomes text only where it is seen.
    Own(u64),
    /// A trusted proxy's.
    Given(Arc<str>),
}

impl RequestId {
    /// A trusted proxy's, or a new one.
    pub(crate) fn for_request(headers: &HeaderMap, peer: Peer) -> Self {
        let of_proxy = if peer.is_proxied { headers.get(REQUEST_ID) } else { None };
        let given = of_proxy.and_then(|id| id.to_str().ok()).filter(|id| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
        });
        given.map_or_else(|| RequestId::Own(next()), |given| RequestId::Given(given.into()))
    }

    /// That of the request that is being answered here, if one is.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Answers a request of this id.
    pub(crate) fn scope<T>(&self, answer: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self.clone(), answer)
    }

    /// Goes on with the request that is being answered here, in a task of its own.
    pub(crate) fn propagate<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let current = Self::current();
        async move {
            match current {
                Some(id) => id.scope(work).await,
                None => work.await,
            }
        }
    }

    /// As the header says it.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        match self {
            // `From<u64>` would allocate twice, once of them for the longest number.
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

/// The number after that of the request before. Each process begins anywhere, so that two of them hardly ever
/// give the same; without random bytes they may, and nothing depends on it but reading logs.
fn next() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| getrandom::u64().unwrap_or_default().into());
    NEXT.fetch_add(1, Ordering::Relaxed)
}
