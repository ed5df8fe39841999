//! `GET /healthz` and `/readyz`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use session_axum::Problem;

use super::gateway::Gateway;

/// This process runs. It says nothing about databases: restarting a process does not mend them.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Requests may be sent here: the ERP's database answers, and no shutdown has begun.
pub(crate) async fn readyz(State(gateway): State<Gateway>) -> Result<Response, Problem> {
    if gateway.is_closing() {
        return Err(Problem::unavailable("this instance is shutting down"));
    }
    gateway.inner.reader.client_exists("0").await.map_err(|error| crate::http::login::away(&error))?;
    Ok((StatusCode::OK, "ok\n").into_response())
}
