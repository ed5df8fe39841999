//! Compression of answers: by negotiation, above a threshold, counted.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_body::Body as _;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::compression::{CompressionBody, CompressionLayer};

use crate::http::middleware::metrics::Compression;

/// The `Accept-Encoding` headers of a request that has some. Boxed, because the future of every request
/// reserves room for them.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<Box<HeaderMap>> {
    let mut all = headers.get_all(ACCEPT_ENCODING).iter().peekable();
    all.peek()?;
    Some(Box::new(all.map(|value| (ACCEPT_ENCODING, value.clone())).collect()))
}

/// Whether an answer is worth compressing: not one that is smaller than `from` bytes, an image, or a stream
/// of events, which would wait for more.
pub(crate) fn is_worth_it(from: u64, response: &Response) -> bool {
    SizeAbove::new(from).should_compress(response) && DefaultPredicate::new().should_compress(response)
}

/// Compresses an answer by one of the accepted encodings, adds `Vary`, and counts the bytes that it saves.
///
/// tower-http's layer wraps the finished answer here, not the service that makes it. Around each route it
/// adds a tenth to the instructions of every small answer, because its future is copied with all that it
/// holds.
pub(crate) async fn compress(
    accepted: Option<Box<HeaderMap>>,
    response: Response,
    totals: &Arc<Compression>,
) -> Response {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = accepted.map(|accepted| *accepted).unwrap_or_default();
    let mut response = Some(response);
    let answered = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let Ok(response) = CompressionLayer::new().layer(answered).oneshot(accept_plain(request)).await;
    count(response, totals)
}

/// Has a request that refuses every encoding accept the plain one. tower-http would answer 406 to it after
/// the handler has done its work.
fn accept_plain(mut request: Request) -> Request {
    let accepted = request.headers().get_all(ACCEPT_ENCODING);
    // An encoding can only be refused by its weight.
    if accepted.iter().any(|value| value.as_bytes().contains(&b';')) {
        request.headers_mut().append(ACCEPT_ENCODING, HeaderValue::from_static("identity;q=0.001"));
    }
    request
}

/// Takes an answer that stayed plain out of its wrapper, and counts the bytes of one that is compressed once
/// all of it was sent. Of one that is broken off, the plain bytes are not known that were compressed.
fn count(response: Response<CompressionBody<Body>>, totals: &Arc<Compression>) -> Response {
    if !response.headers().contains_key(CONTENT_ENCODING) {
        return response.map(CompressionBody::into_inner);
    }
    let totals = Arc::clone(totals);
    response.map(|body| {
        let plain = body.get_ref().size_hint().exact().unwrap_or_default();
        let compressed = Arc::new(AtomicU64::new(0));
        let sent = Arc::clone(&compressed);
        let counted = body.inspect_frame(move |frame| {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            sent.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Relaxed);
        });
        // There are none: they are asked for at the end.
        Body::new(counted.with_trailers(async move {
            totals.record(plain, compressed.load(Relaxed));
            None
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_is_broken_off_changes_no_ratio() {
        let totals = Arc::new(Compression::default());
        // What hardly compresses is sent in several pieces.
        let digits = |number: u32| blake3::hash(&number.to_le_bytes()).to_hex().to_string();
        let plain: String = (0..4_000).map(digits).collect();
        let answer = async || {
            let accepted = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
            let response = Response::new(Body::from(plain.clone()));
            compress(Some(Box::new(accepted)), response, &totals).await.into_body()
        };
        let mut broken_off = answer().await;
        assert!(broken_off.frame().await.unwrap().unwrap().is_data());
        drop(broken_off);
        assert_eq!(totals.bytes(), (0, 0));
        let sent = answer().await.collect().await.unwrap().to_bytes().len();
        assert_eq!(totals.bytes(), (u64::try_from(plain.len()).unwrap(), u64::try_from(sent).unwrap()));
    }
}
