//! `Output`: a value as the JSON of an answer.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session_axum::Problem;

use super::headers::ROOM;

/// A value as the JSON of an answer: what axum's `Json` is, but one that cannot be written is a problem like any other.
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
        headers.reserve(ROOM);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
