//! `RequestId`: what a request is called in its answer and in the log.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::peer::Peer;

/// The header with it.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most bytes of an id that is given here: two numbers in hexadecimal digits, and what is between them.
const LONGEST_OWN_ID: usize = 16 + 1 + 16;

tokio::task_local! {
    /// The id of the request that is being answered.
    static CURRENT: RequestId;
}

/// The id of a request: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// A trusted proxy's, or a new one.
    pub(crate) fn of(headers: &HeaderMap, peer: Peer) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            peer.is_proxied && (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
        });
        RequestId(given.map_or_else(|| new().into(), Into::into))
    }

    /// That of the request that is being answered here, if one is.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Answers a request of this id.
    pub(crate) async fn name<T>(&self, answer: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), answer).await
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn new() -> String {
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
