//! Which request goes where.

use axum::Router;
use axum::routing::{delete, get, post};
use session_axum::SessionLayer;

use super::finish::Finish;
use super::gateway::Gateway;
use super::{
    admin, assertion, compression, health, login, mcp, metrics, openapi, organizations, questions, session,
    switch, tree,
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
    let offer = compression::offer(gateway.settings().compress_from);
    Router::new()
        .route("/v1/login", post(login::login))
        .route("/v1/login/assertion", post(assertion::login::login))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(secret.route_layer(sessions.clone()))
        .merge(compressed.route_layer((offer.clone(), sessions)))
        .merge(open.route_layer(offer))
        .merge(mcp::routes(gateway))
        .layer(Finish(gateway.clone()))
        .with_state(gateway.clone())
}
