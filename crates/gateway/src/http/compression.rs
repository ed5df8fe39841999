//! Compression of answers: by negotiation, above a threshold, counted.
//!
//! Only routes whose answers hold no secret are layered with it: where a secret and something that an attacker chose are
//! compressed together, the length tells about the secret.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_ENCODING;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use super::gateway::Gateway;

/// Compresses bodies of so many bytes and more.
pub(crate) fn layer(from: u64) -> CompressionLayer<SizeAbove> {
    CompressionLayer::new().compress_when(SizeAbove::new(from))
}

/// The length of a body before it is compressed.
#[derive(Clone, Copy)]
struct Uncompressed(u64);

/// Inside the compression: notes how long the body is.
pub(crate) async fn note_length(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(bytes) = response.body().size_hint().exact() {
        response.extensions_mut().insert(Uncompressed(bytes));
    }
    response
}

/// Outside the compression: counts what it saved.
pub(crate) async fn count(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(Uncompressed(bytes_in)) = response.extensions().get().copied() else { return response };
    if !response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    response.map(|inner| Body::new(Counted { inner, gateway, bytes_in, bytes_out: 0 }))
}

/// A compressed body that counts its bytes, and reports them when it is through.
struct Counted {
    inner: Body,
    gateway: Gateway,
    bytes_in: u64,
    bytes_out: u64,
}

impl http_body::Body for Counted {
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
            Poll::Ready(None) => {
                self.gateway.inner.metrics.compressed_one(self.bytes_in, self.bytes_out);
            }
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // The end is to be seen by `poll_frame`, which reports it.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
