//! Routes for operators: `GET /healthz`, `/readyz` and `/metrics`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use session_axum::Problem;

use crate::http::gateway::Gateway;
use crate::http::wire::problem::OrUnavailable;

/// Liveness: the process runs. Independent of databases, because a restart would not help against an outage.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Readiness: the ERP's database answers, and no shutdown has begun.
pub(crate) async fn readyz(State(gateway): State<Gateway>) -> Result<&'static str, Problem> {
    if gateway.is_closing() {
        return Err(Problem::unavailable("this instance is shutting down"));
    }
    gateway.inner.backend.probe().await.or_unavailable()?;
    Ok("ok\n")
}

pub(crate) async fn metrics(State(gateway): State<Gateway>) -> Result<Response, Problem> {
    let text = gateway.inner.metrics.encode().map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    })?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}
