//! `GET /v1/openapi.json`: the description of the routes.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// The description, kept by hand and checked against the routes by a test.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
