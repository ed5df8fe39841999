//! `Output`: a value as the JSON of an answer.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session_axum::Problem;

use super::headers::ROOM;

/// The bytes of most answers.
const USUAL: usize = 128;

/// A value as the JSON of an answer: what axum's `Json` is, but one that cannot be written is a problem like any other.
#[derive(Debug)]
pub(crate) struct Output<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Output<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(USUAL);
        match write(&mut text, &self.0) {
            Ok(()) => json(text),
            Err(problem) => problem.into_response(),
        }
    }
}

/// Writes a value as JSON.
pub(crate) fn write(text: &mut Vec<u8>, value: &impl Serialize) -> Result<(), Problem> {
    serde_json::to_writer(text, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    })
}

/// An answer that is JSON already.
pub(crate) fn json(text: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.reserve(ROOM);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
