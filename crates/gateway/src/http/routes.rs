//! Which request goes where.

use axum::Router;
use axum::handler::{Handler, HandlerService};
use axum::http::StatusCode;
use axum::routing::{delete_service, get_service, post_service};
use session_axum::SessionLayer;
use tower::Layer;

use super::gateway::Gateway;
use super::middleware::{compression, metrics};
use super::session::{organizations, questions, switch, tree};
use super::{admin, health, login, mcp, openapi, session};
use crate::http::middleware::respond::Finish;
use crate::page;

/// What requests go through before they reach a handler, after [`Finish`]. It is put around each handler
/// itself: around a whole router, each layer would be in a box of its own.
struct Through<L> {
    gateway: Gateway,
    layers: L,
}

impl<L> Through<L> {
    fn new(gateway: &Gateway, layers: L) -> Self {
        Through { gateway: gateway.clone(), layers }
    }

    /// A handler behind all of it.
    fn to<H, T>(&self, handler: H) -> <Finish as Layer<L::Service>>::Service
    where
        H: Handler<T, Gateway>,
        L: Layer<HandlerService<H, T, Gateway>>,
    {
        let service = handler.with_state(self.gateway.clone());
        Finish(self.gateway.clone()).layer(self.layers.layer(service))
    }
}

/// All routes of a service.
pub fn router(gateway: &Gateway) -> Router {
    let finish = Finish(gateway.clone());
    let sessions = SessionLayer::new(gateway.manager().clone()).with_cookie(gateway.settings().cookie());
    let offer = compression::offer(gateway.settings().compress_from);
    // For everybody.
    let plain = Through::new(gateway, ());
    let open = Through::new(gateway, offer.clone());
    // For whoever has a session. Answers that hold a token or its CSRF value are never compressed.
    let secret = Through::new(gateway, sessions.clone());
    let guarded = Through::new(gateway, (offer.clone(), sessions));
    Router::new()
        .route("/v1/login", post_service(plain.to(login::login)))
        .route("/v1/login/assertion", post_service(plain.to(login::assertion::login::login)))
        .route("/v1/logout", post_service(secret.to(switch::logout)))
        .route("/v1/session", get_service(secret.to(session::who_am_i)))
        .route("/v1/session/refresh", post_service(secret.to(switch::refresh)))
        .route("/v1/session/role", post_service(secret.to(switch::role)))
        .route("/v1/session/org", post_service(secret.to(switch::org)))
        .route("/v1/session/footprint", get_service(guarded.to(session::footprint)))
        .route("/v1/session/freshness", get_service(guarded.to(session::freshness)))
        .route("/v1/session/readable", get_service(guarded.to(organizations::readable)))
        .route("/v1/session/writable", get_service(guarded.to(organizations::writable)))
        .route("/v1/session/sql-filter", get_service(guarded.to(organizations::sql_filter)))
        .route("/v1/session/roles", get_service(guarded.to(organizations::roles)))
        .route("/v1/tree", get_service(guarded.to(tree::tree)))
        .route(
            "/v1/questions",
            get_service(guarded.to(questions::by_address)).post_service(guarded.to(questions::one)),
        )
        .route("/v1/questions/batch", post_service(guarded.to(questions::batch)))
        .route("/v1/admin/sessions", get_service(guarded.to(admin::sessions::list)))
        .route("/v1/admin/sessions/end", post_service(guarded.to(admin::sessions::end_many)))
        .route("/v1/admin/sessions/{id}", delete_service(guarded.to(admin::sessions::end_one)))
        .route("/v1/admin/organizations/{id}/roles", get_service(guarded.to(admin::roles::list)))
        .route("/v1/admin/trees", get_service(guarded.to(admin::trees::list)))
        .route("/v1/admin/statistics", get_service(guarded.to(admin::statistics::statistics)))
        .route("/v1/openapi.json", get_service(open.to(openapi::openapi)))
        .route("/metrics", get_service(open.to(metrics::metrics)))
        .route("/healthz", get_service(plain.to(health::healthz)))
        .route("/readyz", get_service(plain.to(health::readyz)))
        .merge(page::routes(gateway.settings().secure).route_layer((finish.clone(), offer)))
        .merge(mcp::routes(gateway))
        .method_not_allowed_fallback((async || StatusCode::METHOD_NOT_ALLOWED).layer(finish))
        .fallback_service(plain.to(async || StatusCode::NOT_FOUND))
}
