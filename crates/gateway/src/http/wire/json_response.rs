//! `JsonResponse`: a value as the JSON of an answer.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use session_axum::Problem;

/// A value as the JSON of an answer: what axum's `Json` is, but one that cannot be written is a problem like
/// any other.
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

/// The refusal where an answer cannot be written.
pub(crate) fn serialization_failed(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer cannot be written");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

/// An answer that is JSON already. Answers of the API say so without being told.
pub(crate) fn json(text: Vec<u8>) -> Response {
    Response::new(Body::from(text))
}
