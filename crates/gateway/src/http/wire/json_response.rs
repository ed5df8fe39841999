//! `JsonResponse`: a value as a JSON answer.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session_axum::Problem;

/// A JSON answer like axum's `Json`, except that a serialization error is reported as a problem.
#[derive(Debug)]
pub(crate) struct JsonResponse<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for JsonResponse<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => json(text),
            Err(error) => serialization_failed(&error).into_response(),
        }
    }
}

/// The answer if serialization fails.
pub(crate) fn serialization_failed(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer cannot be written");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

/// An answer with serialized JSON. The security headers set the content type of the API.
pub(crate) fn json(text: Vec<u8>) -> Response {
    Response::new(Body::from(text))
}
