//! Compression of answers: negotiated, above a threshold, and counted in metrics.

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

/// The `Accept-Encoding` headers of a request, if any. Boxed, to keep the future of every request small.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<Box<HeaderMap>> {
    let mut all = headers.get_all(ACCEPT_ENCODING).iter().peekable();
    all.peek()?;
    Some(Box::new(all.map(|value| (ACCEPT_ENCODING, value.clone())).collect()))
}

/// Whether to compress an answer: not if it is smaller than `from` bytes, an image, or an event stream, which
/// compression would delay.
pub(crate) fn is_worth_it(from: u64, response: &Response) -> bool {
    SizeAbove::new(from).should_compress(response) && DefaultPredicate::new().should_compress(response)
}

/// Compresses an answer by one of the accepted encodings, adds `Vary`, and counts the bytes that it saves.
///
/// Applies tower-http's layer to the finished answer. Around each route it would add a tenth to the
/// instructions of every small answer, because its large future is copied.
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

/// Makes a request that refuses every encoding accept the plain one. tower-http would answer 406 after the
/// handler has done its work.
fn accept_plain(mut request: Request) -> Request {
    let accepted = request.headers().get_all(ACCEPT_ENCODING);
    // Only a weight (`;q=0`) can refuse an encoding.
    if accepted.iter().any(|value| value.as_bytes().contains(&b';')) {
        request.headers_mut().append(ACCEPT_ENCODING, HeaderValue::from_static("identity;q=0.001"));
    }
    request
}

/// Unwraps an answer that was not compressed. Counts a compressed one after all of it is sent: if it is
/// cancelled, the number of bytes before compression is unknown.
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
        // Adds no trailers, but runs at the end of the body.
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
        // Incompressible data is sent in several frames.
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
