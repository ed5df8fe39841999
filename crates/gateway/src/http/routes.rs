//! Which request goes where.

use std::any::Any;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use session_axum::{Problem, SessionLayer};
use tower_http::catch_panic::CatchPanicLayer;

use super::gateway::Gateway;
use super::{
    admin, assertion, compression, finish, health, login, mcp, metrics, openapi, organizations, questions,
    session, switch, tree,
};
use crate::page;

/// All routes of a service, with everything that a request goes through.
pub fn router(gateway: &Gateway) -> Router {
    let sessions = SessionLayer::new(gateway.manager().clone());
    // Answers that hold a token or its CSRF value, which are never compressed.
    let secret = Router::new()
        .route("/v1/logout", post(switch::logout))
        .route("/v1/session", get(session::who_am_i))
        .route("/v1/session/refresh", post(switch::refresh))
        .route("/v1/session/role", post(switch::role))
        .route("/v1/session/org", post(switch::org));
    let compressed = Router::new()
        .route("/v1/session/footprint", get(session::footprint))
        .route("/v1/session/freshness", get(session::freshness))
        .route("/v1/session/readable", get(organizations::readable))
        .route("/v1/session/writable", get(organizations::writable))
        .route("/v1/session/sql-filter", get(organizations::sql_filter))
        .route("/v1/session/roles", get(organizations::roles))
        .route("/v1/tree", get(tree::tree))
        .route("/v1/questions", post(questions::one))
        .route("/v1/questions/batch", post(questions::batch))
        .route("/v1/admin/sessions", get(admin::sessions::list))
        .route("/v1/admin/sessions/end", post(admin::sessions::end_many))
        .route("/v1/admin/sessions/{id}", delete(admin::sessions::end_one))
        .route("/v1/admin/organizations/{id}/roles", get(admin::roles::list))
        .route("/v1/admin/trees", get(admin::trees::list))
        .route("/v1/admin/statistics", get(admin::statistics::statistics));
    let open = Router::new()
        .route("/v1/openapi.json", get(openapi::openapi))
        .route("/metrics", get(metrics::metrics))
        .merge(page::routes());
    let compressed = compressed
        .route_layer(sessions.clone())
        .merge(open)
        .route_layer(from_fn(compression::note_length))
        .route_layer(compression::layer(gateway.settings().compress_from))
        .route_layer(from_fn_with_state(gateway.clone(), compression::count));
    Router::new()
        .route("/v1/login", post(login::login))
        .route("/v1/login/assertion", post(assertion::login::login))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(secret.route_layer(sessions))
        .merge(compressed)
        .merge(mcp::routes(gateway))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(gateway.clone(), finish::finish))
        .with_state(gateway.clone())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer asks for")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing");
    tracing::error!(said, "a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").into_response()
}
