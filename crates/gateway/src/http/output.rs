//! `Output`: a value as the JSON of an answer.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session_axum::Problem;

/// Room for the headers of an answer, so that they never have to move.
const HEADERS: usize = 12;

/// A value as the JSON of an answer: what axum's `Json` is, with room for all headers, for answers that are asked for all the time.
/// One that cannot be written is a problem like any other.
#[derive(Debug)]
pub(crate) struct Output<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Output<T> {
    fn into_response(self) -> Response {
        let json = match serde_json::to_vec(&self.0) {
            Ok(json) => json,
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written");
                return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").into_response();
            }
        };
        let mut response = Response::new(Body::from(json));
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
