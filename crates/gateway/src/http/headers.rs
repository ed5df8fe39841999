//! `CommonHeaders`: what browsers may be told whoever asks.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::request_id::{REQUEST_ID, RequestId};

/// Room for the headers of most answers, so that they never have to be placed anew.
const ROOM: usize = 12;

/// The headers that all answers have. They are put together once.
#[derive(Debug)]
pub(crate) struct CommonHeaders {
    /// Of what a browser may show, and of what is for operators.
    shown: HeaderMap,
    /// Of answers of the API, and where there is nothing: nobody keeps them.
    unkept: HeaderMap,
}

impl CommonHeaders {
    /// Those of a service that is reached over TLS, or is not.
    pub(crate) fn new(secure: bool) -> Self {
        let constant = |(name, value)| (name, HeaderValue::from_static(value));
        let mut common = HeaderMap::with_capacity(ROOM);
        common.extend(
            [
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (X_FRAME_OPTIONS, "DENY"),
                (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            ]
            .map(constant),
        );
        if secure {
            common.extend([constant((STRICT_TRANSPORT_SECURITY, "max-age=31536000"))]);
        }
        let (mut shown, mut unkept) = (common.clone(), common);
        // These are about pages: where their links lead, and what a window that they open may do.
        shown.extend([
            constant((REFERRER_POLICY, "no-referrer")),
            constant((HeaderName::from_static("cross-origin-opener-policy"), "same-origin")),
        ]);
        unkept.extend([constant((CACHE_CONTROL, "no-store"))]);
        CommonHeaders { shown, unkept }
    }

    /// Puts them, and the request's id, beside those of an answer of a route. What the answer says itself counts, such as the page's
    /// own policy.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, route: Option<&str>, id: &RequestId) {
        let is_api = route.is_none_or(|route| route.starts_with("/v1/"));
        let common = if is_api { &self.unkept } else { &self.shown };
        // A copy of all of them takes less than one at a time.
        let mut all = common.clone();
        // With room for the length, which comes last.
        all.reserve(headers.len() + 2);
        all.extend(std::mem::replace(headers, HeaderMap::new()));
        if let Some(id) = id.to_header() {
            all.insert(REQUEST_ID, id);
        }
        *headers = all;
    }
}
