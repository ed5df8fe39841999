//! `CommonHeaders`: what browsers may be told whoever asks.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The headers that all answers have. They are put together once.
#[derive(Debug)]
pub(crate) struct CommonHeaders {
    /// Of files and of what is for operators.
    plain: HeaderMap,
    /// Of answers of the API, and where there is nothing: the same, and nobody keeps them.
    unkept: HeaderMap,
}

impl CommonHeaders {
    /// Those of a service that is reached over TLS, or is not.
    pub(crate) fn new(secure: bool) -> Self {
        let mut plain = HeaderMap::from_iter(
            [
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (X_FRAME_OPTIONS, "DENY"),
                (REFERRER_POLICY, "no-referrer"),
                (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
                (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            ]
            .map(|(name, value)| (name, HeaderValue::from_static(value))),
        );
        if secure {
            plain.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        let mut unkept = plain.clone();
        unkept.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        CommonHeaders { plain, unkept }
    }

    /// Adds them to those of an answer of a route. What the answer says itself counts, such as the page's own policy.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, route: Option<&str>) {
        let is_api = route.is_none_or(|route| route.starts_with("/v1/"));
        let common = if is_api { &self.unkept } else { &self.plain };
        let own = std::mem::replace(headers, common.clone());
        headers.extend(own);
    }
}
