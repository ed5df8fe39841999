//! `SecurityHeaders`: what browsers may be told whoever asks.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, Entry, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::middleware::request_id::{REQUEST_ID, RequestId};

/// Room for the headers of most answers. Where a map begins with it, it never has to grow.
pub(crate) const ROOM: usize = 12;

type Header = (HeaderName, HeaderValue);

/// The headers that all answers have.
#[derive(Debug)]
pub(crate) struct SecurityHeaders {
    /// Of what a browser may show, and of what is for operators.
    shown: Vec<Header>,
    /// Of answers of the API, and where there is nothing: nobody keeps them.
    unkept: Vec<Header>,
}

impl SecurityHeaders {
    /// Those of a service that is reached over TLS, or is not.
    pub(crate) fn new(secure: bool) -> Self {
        let constant = |(name, value)| (name, HeaderValue::from_static(value));
        let common = [
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        ];
        let of_tls = secure.then_some((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        let common: Vec<Header> = common.into_iter().chain(of_tls).map(constant).collect();
        // These are about pages: where their links lead, and what a window that they open may do.
        let of_pages = [
            (REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        SecurityHeaders {
            shown: common.iter().cloned().chain(of_pages.map(constant)).collect(),
            unkept: common.into_iter().chain([constant((CACHE_CONTROL, "no-store"))]).collect(),
        }
    }

    /// Puts them, and the request's id, beside those of an answer of a route. What the answer says itself
    /// counts, such as the page's own policy.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, route: Option<&str>, id: &RequestId) {
        let is_api = route.is_none_or(|route| route.starts_with("/v1/"));
        headers.reserve(ROOM - headers.len().min(ROOM));
        for (name, value) in if is_api { &self.unkept } else { &self.shown } {
            if let Entry::Vacant(place) = headers.entry(name) {
                place.insert(value.clone());
            }
        }
        if let Some(id) = id.to_header() {
            headers.insert(REQUEST_ID, id);
        }
    }
}
