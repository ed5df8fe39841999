//! Compression of answers: by negotiation, above a threshold, counted.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::compression::{CompressionBody, CompressionLayer};

use crate::http::middleware::metrics::Metrics;

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
    metrics: &Arc<Metrics>,
) -> Response {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = accepted.map(|accepted| *accepted).unwrap_or_default();
    let mut response = Some(response);
    let answered = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let Ok(response) = CompressionLayer::new().layer(answered).oneshot(accept_plain(request)).await;
    count(response, metrics)
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
fn count(response: Response<CompressionBody<Body>>, metrics: &Arc<Metrics>) -> Response {
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
            Poll::Ready(None) => self.metrics.record_compression(self.bytes_in, self.bytes_out),
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
