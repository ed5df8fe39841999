//! Compression of answers: by negotiation, above a threshold, counted.
//!
//! Only routes whose answers hold no secret have it: where a secret is compressed together with something
//! that an attacker chose, the length tells about the secret.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderValue, Response};
use http_body::{Body as _, Frame, SizeHint};
use tower::util::{MapRequestLayer, MapResponseLayer};
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::compression::{CompressionBody, CompressionLayer};

use crate::http::middleware::metrics::Metrics;

/// Compresses answers of at least `from` bytes.
#[expect(clippy::type_complexity, reason = "closures have no names that would make it simpler")]
pub(crate) fn layer(
    from: u64,
    metrics: Arc<Metrics>,
) -> (
    MapRequestLayer<impl Fn(Request) -> Request + Clone>,
    MapResponseLayer<impl Fn(Response<CompressionBody<Body>>) -> Response<Body> + Clone>,
    CompressionLayer<LargeText>,
) {
    (
        MapRequestLayer::new(accept_plain),
        MapResponseLayer::new(move |response| count(response, &metrics)),
        CompressionLayer::new().compress_when(LargeText { from }),
    )
}

/// Whether an answer is worth it: not what is small, an image, or a stream of events, which would wait for
/// more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LargeText {
    from: u64,
}

impl Predicate for LargeText {
    fn should_compress<B: http_body::Body>(&self, response: &Response<B>) -> bool {
        SizeAbove::new(self.from).should_compress(response)
            && DefaultPredicate::new().should_compress(response)
    }
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

/// Takes an answer that stayed plain out of its wrapper, and counts the bytes of one that was compressed.
fn count(response: Response<CompressionBody<Body>>, metrics: &Arc<Metrics>) -> Response<Body> {
    if !response.headers().contains_key(CONTENT_ENCODING) {
        return response.map(CompressionBody::into_inner);
    }
    response.map(|body| {
        let bytes_in = body.get_ref().size_hint().exact().unwrap_or_default();
        Body::new(CountedBody {
            inner: Body::new(body),
            metrics: Arc::clone(metrics),
            bytes_in,
            bytes_out: 0,
        })
    })
}

/// A compressed body that counts its bytes, and reports them at its end.
struct CountedBody {
    inner: Body,
    metrics: Arc<Metrics>,
    bytes_in: u64,
    bytes_out: u64,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.bytes_out += u64::try_from(bytes).unwrap_or(u64::MAX);
            }
            Poll::Ready(None) => self.metrics.compressed_one(self.bytes_in, self.bytes_out),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // The end has to be seen by `poll_frame`, which reports it.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
