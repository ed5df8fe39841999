//! `CommonHeaders`: what browsers may be told whoever asks.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::request_id::{REQUEST_ID, RequestId};

/// The headers that all answers have. They are put together once.
#[derive(Debug)]
pub(crate) struct CommonHeaders {
    /// Of what a browser may show, and of what is for operators.
    shown: Vec<(HeaderName, HeaderValue)>,
    /// Of answers of the API, and where there is nothing: nobody keeps them.
    unkept: Vec<(HeaderName, HeaderValue)>,
}

impl CommonHeaders {
    /// Those of a service that is reached over TLS, or is not.
    pub(crate) fn new(secure: bool) -> Self {
        let constant = |(name, value)| (name, HeaderValue::from_static(value));
        let mut common = Vec::from(
            [
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (X_FRAME_OPTIONS, "DENY"),
                (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            ]
            .map(constant),
        );
        if secure {
            common.push(constant((STRICT_TRANSPORT_SECURITY, "max-age=31536000")));
        }
        let (mut shown, mut unkept) = (common.clone(), common);
        // These are about pages: where their links lead, and what a window that they open may do.
        shown.push(constant((REFERRER_POLICY, "no-referrer")));
        shown.push(constant((HeaderName::from_static("cross-origin-opener-policy"), "same-origin")));
        unkept.push(constant((CACHE_CONTROL, "no-store")));
        CommonHeaders { shown, unkept }
    }

    /// Adds them and the request's id to those of an answer of a route. What the answer says itself counts, such as the page's own
    /// policy.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, route: Option<&str>, id: &RequestId) {
        let is_api = route.is_none_or(|route| route.starts_with("/v1/"));
        let common = if is_api { &self.unkept } else { &self.shown };
        // At once, with room for the id and the length.
        headers.reserve(common.len() + 2);
        for (name, value) in common {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(id) = id.to_header() {
            headers.insert(REQUEST_ID, id);
        }
    }
}
