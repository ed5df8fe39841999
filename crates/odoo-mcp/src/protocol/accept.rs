//! What a request accepts, and what the SDK wants to hear of it.
//!
//! The SDK wants both of the protocol's types by name. A client that accepts everything accepts both, and so
//! does one that says nothing.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// Names the protocol's types where they are accepted under a wider name. Where answers are never streams,
/// JSON is enough.
pub(super) fn name_types(method: &Method, headers: &mut HeaderMap, no_streams: bool) {
    let (json, events) = (accepts(headers, JSON), accepts(headers, EVENTS));
    let named = match *method {
        Method::GET if events => EVENTS,
        Method::POST if json && (events || no_streams) => "application/json, text/event-stream",
        _ => return,
    };
    headers.insert(ACCEPT, HeaderValue::from_static(named));
}

/// Is a type accepted, by its name or by a range that it is in? The most exact range decides.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut decided = (0, !headers.contains_key(ACCEPT));
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for entry in values.flat_map(|value| value.split(',')) {
        let mut parts = entry.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let exactness = match range.strip_suffix("/*") {
            _ if range == wanted => 3,
            Some("*") => 1,
            Some(family) if wanted.split('/').next() == Some(family) => 2,
            _ => continue,
        };
        let quality = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let refused = quality.is_some_and(|(_, quality)| quality.trim().parse() == Ok(0.0_f32));
        if exactness >= decided.0 {
            decided = (exactness, !refused);
        }
    }
    decided.1
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
    fn ranges_are_understood() {
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
    fn what_is_accepted_is_named_and_nothing_else() {
        let named = |method: Method, value: &'static str, no_streams: bool| {
            let mut headers = headers(&[value]);
            name_types(&method, &mut headers, no_streams);
            headers[ACCEPT].to_str().unwrap().to_owned()
        };
        assert_eq!(named(Method::POST, "*/*", false), "application/json, text/event-stream");
        assert_eq!(named(Method::GET, "*/*", false), "text/event-stream");
        assert_eq!(named(Method::POST, "application/json", true), "application/json, text/event-stream");
        assert_eq!(named(Method::POST, "application/json", false), "application/json");
        assert_eq!(named(Method::DELETE, "*/*", false), "*/*");
    }
}
