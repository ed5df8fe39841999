//! Compression of answers: by negotiation, above a threshold, counted.
//!
//! Only answers that their routes offer for it are compressed, and these hold no secret: where a secret and
//! something that an attacker chose are compressed together, the length tells about the secret.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use tower::util::MapResponseLayer;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use crate::http::gateway::Gateway;

/// An answer that may be compressed.
#[derive(Clone, Copy)]
struct Offered;

/// Offers answers of so many bytes and more.
pub(crate) fn offer(from: u64) -> MapResponseLayer<impl Fn(Response) -> Response + Clone> {
    let large = SizeAbove::new(from);
    MapResponseLayer::new(move |mut response: Response| {
        if large.should_compress(&response) {
            response.extensions_mut().insert(Offered);
        }
        response
    })
}

/// What a request says about the encodings that it accepts.
pub(crate) fn accepted(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(ACCEPT_ENCODING).iter().map(|value| (ACCEPT_ENCODING, value.clone())).collect()
}

/// Compresses an answer that is offered, as is accepted, and counts what that saves.
pub(crate) async fn compress(gateway: &Gateway, accepted: &HeaderMap, response: &mut Response) {
    if let Some(Offered) = response.extensions_mut().remove() {
        let plain = std::mem::take(response);
        // What packs is large; most answers are small.
        *response = Box::pin(pack(gateway, accepted.clone(), plain)).await;
    }
}

async fn pack(gateway: &Gateway, accepted: HeaderMap, response: Response) -> Response {
    let bytes_in = response.body().size_hint().exact();
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = accepted;
    let status = response.status();
    let mut response = Some(response);
    let answer = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    // As it comes it leaves alone what is an image or a stream of events, which would wait for more to come.
    let Ok(mut response) = CompressionLayer::new().layer(answer).oneshot(request).await;
    // Where every encoding is refused, the plain one too, it would say so of what is done by now: the answer
    // stays as it was.
    *response.status_mut() = status;
    match bytes_in.filter(|_| response.headers().contains_key(CONTENT_ENCODING)) {
        Some(bytes_in) => {
            let gateway = gateway.clone();
            response
                .map(|inner| Body::new(Counted { inner: Body::new(inner), gateway, bytes_in, bytes_out: 0 }))
        }
        None => response.map(Body::new),
    }
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
