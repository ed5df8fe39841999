//! Content negotiation: rewrites the header `Accept` for the SDK.
//!
//! The SDK requires both content types of the protocol by name. This module also accepts ranges such as
//! `*/*`, and requests without the header.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// Replaces ranges that include the protocol's types by these types. If answers are never streams, JSON
/// suffices.
pub(super) fn name_types(method: &Method, headers: &mut HeaderMap, no_streams: bool) {
    let (json, events) = (accepts(headers, JSON), accepts(headers, EVENTS));
    let types = match *method {
        Method::GET if events => EVENTS,
        Method::POST if json && (events || no_streams) => "application/json, text/event-stream",
        _ => return,
    };
    headers.insert(ACCEPT, HeaderValue::from_static(types));
}

/// Is a content type accepted, by name or by a range? The most specific range decides.
fn accepts(headers: &HeaderMap, content_type: &str) -> bool {
    let mut best = (0, !headers.contains_key(ACCEPT));
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for entry in values.flat_map(|value| value.split(',')) {
        let mut parts = entry.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specificity = match range.strip_suffix("/*") {
            _ if range == content_type => 3,
            Some("*") => 1,
            Some(family) if content_type.split('/').next() == Some(family) => 2,
            _ => continue,
        };
        let quality = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let is_rejected = quality.is_some_and(|(_, quality)| quality.trim().parse() == Ok(0.0_f32));
        if specificity >= best.0 {
            best = (specificity, !is_rejected);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;
    use http::{HeaderMap, HeaderValue, Method};

    use super::{accepts, name_types};

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn ranges_and_qualities_are_honoured() {
        for (values, json, events) in [
            (&[][..], true, true),
            (&["*/*"], true, true),
            (&["*/*;q=0.1"], true, true),
            (&["application/*, text/*"], true, true),
            (&["Application/JSON", "text/event-stream"], true, true),
            (&["application/json"], true, false),
            (&["text/html, */*;q=0.8"], true, true),
            (&["*/*, text/event-stream;q=0"], true, false),
            (&["text/event-stream; q=0.0, */*"], true, false),
            (&["*/*;q=0"], false, false),
            (&["text/html"], false, false),
            (&["application/jsonp, text/*"], false, true),
        ] {
            let headers = headers(values);
            assert_eq!(
                (accepts(&headers, "application/json"), accepts(&headers, "text/event-stream")),
                (json, events),
                "{values:?}"
            );
        }
    }

    #[test]
    fn only_accepted_types_are_added_to_the_header() {
        let rewritten = |method: Method, value: &'static str, no_streams: bool| {
            let mut headers = headers(&[value]);
            name_types(&method, &mut headers, no_streams);
            headers[ACCEPT].to_str().unwrap().to_owned()
        };
        assert_eq!(rewritten(Method::POST, "*/*", false), "application/json, text/event-stream");
        assert_eq!(rewritten(Method::GET, "*/*", false), "text/event-stream");
        assert_eq!(rewritten(Method::POST, "application/json", true), "application/json, text/event-stream");
        assert_eq!(rewritten(Method::POST, "application/json", false), "application/json");
        assert_eq!(rewritten(Method::DELETE, "*/*", false), "*/*");
    }
}
