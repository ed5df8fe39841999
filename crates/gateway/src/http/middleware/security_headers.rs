//! `SecurityHeaders`: adds the security headers and the request id to every answer.

use std::iter;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use http_body::Body;

use crate::http::middleware::request_id::{REQUEST_ID, RequestId};

/// The headers of all answers.
///
/// An answer gets a clone of a prepared map, into which its own headers are inserted. Inserting the common
/// headers into its own map would hash each of them, and grow the map beyond a kilobyte, above which glibc
/// does not cache blocks per thread. The clone has the content type of most bodies, so that such an answer
/// needs no map of its own.
#[derive(Debug)]
pub(crate) struct SecurityHeaders {
    /// For the page, and for the routes of operators.
    pages: HeaderMap,
    /// For the API and for unknown paths. Never cached.
    api: HeaderMap,
}

impl SecurityHeaders {
    /// Prepares the headers. `secure`: whether clients connect over TLS.
    pub(crate) fn new(secure: bool) -> Self {
        let map = |own: &[(HeaderName, &'static str)]| -> HeaderMap {
            let common = [
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (X_FRAME_OPTIONS, "DENY"),
                (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            ];
            let of_tls = secure.then_some((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
            // INVARIANT: the id is the first header, so that it is set without a look-up.
            let all = iter::once((REQUEST_ID, "")).chain(common).chain(of_tls).chain(own.iter().cloned());
            all.map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
        };
        SecurityHeaders {
            // Restrict what links of a page reveal, and what windows that it opens may do.
            pages: map(&[
                (CONTENT_TYPE, "text/plain; charset=utf-8"),
                (REFERRER_POLICY, "no-referrer"),
                (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            ]),
            api: map(&[(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")]),
        }
    }

    /// Adds the headers to an answer. Headers of the answer, such as the page's own policy, take precedence.
    pub(crate) fn add_to(&self, response: &mut Response, route: Option<&str>, id: &RequestId) {
        let is_api = route.is_none_or(|route| route.starts_with("/v1/"));
        let usual = if is_api { &self.api } else { &self.pages };
        let is_empty = response.body().is_end_stream();
        let headers = response.headers_mut();
        let own = std::mem::replace(headers, usual.clone());
        if is_empty {
            headers.remove(CONTENT_TYPE);
        }
        headers.extend(own);
        match id.to_header().zip(headers.values_mut().next()) {
            Some((id, first)) => *first = id,
            None => drop(headers.remove(REQUEST_ID)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(
        own: &[(HeaderName, &'static str)],
        body: &'static str,
        route: Option<&str>,
        secure: bool,
    ) -> HeaderMap {
        let mut response = Response::new(body.into());
        for (name, value) in own {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        SecurityHeaders::new(secure).add_to(&mut response, route, &RequestId::Own(7));
        response.into_parts().0.headers
    }

    #[test]
    fn headers_of_the_answer_take_precedence() {
        let cookie = HeaderName::from_static("set-cookie");
        let own = [(cookie.clone(), "a=1"), (cookie.clone(), "b=2"), (X_FRAME_OPTIONS, "SAMEORIGIN")];
        let headers = added(&own, "", Some("/v1/login"), true);
        assert_eq!(headers.get_all(&cookie).iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(headers.get_all(X_FRAME_OPTIONS).iter().collect::<Vec<_>>(), ["SAMEORIGIN"]);
        assert_eq!(
            (&headers[CACHE_CONTROL], &headers[REQUEST_ID]),
            (&"no-store".parse().unwrap(), &7.into())
        );
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
        assert!(!headers.contains_key(CONTENT_TYPE) && headers.values().all(|value| !value.is_empty()));
    }

    #[test]
    fn pages_may_be_cached_and_the_api_may_not() {
        for (route, kept) in
            [(Some("/"), true), (Some("/metrics"), true), (Some("/v1/tree"), false), (None, false)]
        {
            let headers = added(&[(CONTENT_TYPE, "text/css")], "", route, false);
            assert_eq!(headers.contains_key(CACHE_CONTROL), !kept, "{route:?}");
            assert_eq!(headers.contains_key(REFERRER_POLICY), kept, "{route:?}");
            assert_eq!(headers[CONTENT_TYPE], "text/css");
        }
    }

    #[test]
    fn answers_of_the_api_are_json_by_default() {
        let api = Some("/v1/tree");
        assert_eq!(added(&[], "{}", api, false)[CONTENT_TYPE], "application/json");
        assert_eq!(added(&[(CONTENT_TYPE, "text/css")], "{}", api, false)[CONTENT_TYPE], "text/css");
        assert!(!added(&[], "", api, false).contains_key(CONTENT_TYPE));
        assert_eq!(added(&[], "ok", Some("/healthz"), false)[CONTENT_TYPE], "text/plain; charset=utf-8");
    }
}
