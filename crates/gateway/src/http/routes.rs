//! Which request goes where.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::handler::{Handler, HandlerService};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on_service};
use session_axum::SessionLayer;
use tower::Layer;

use crate::http::gateway::Gateway;
use crate::http::middleware::compression;
use crate::http::middleware::respond::{RespondLayer, RespondService};
use crate::http::session::{assertion, login, organizations, questions, switch, tree};
use crate::http::{admin, mcp, openapi, operations, session};
use crate::page;

/// The layers around a handler. They are put around each handler, not around the router, which would allocate a
/// box for each layer and request.
struct LayerStack<L> {
    gateway: Gateway,
    layers: L,
}

impl<L> LayerStack<L> {
    fn new(gateway: &Gateway, layers: L) -> Self {
        LayerStack { gateway: gateway.clone(), layers }
    }

    /// A handler within all layers, [`RespondLayer`] outermost.
    fn wrap<H, T>(&self, handler: H) -> RespondService<L::Service>
    where
        H: Handler<T, Gateway>,
        L: Layer<HandlerService<H, T, Gateway>>,
    {
        let service = handler.with_state(self.gateway.clone());
        RespondLayer::from_ref(&self.gateway).layer(self.layers.layer(service))
    }
}

/// Makes the table of routes and the router from one list.
macro_rules! routes {
    (
        with $gateway:ident { $(let $name:ident = $layers:expr;)+ }
        $($method:ident $path:literal $stack:ident $handler:path;)+
    ) => {
        /// Method and path of each route of the service, as `/v1/openapi.json` describes them. Not here are the
        /// files of the page and `/mcp`.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),+];

        fn api($gateway: &Gateway) -> Router {
            $(let $name = LayerStack::new($gateway, $layers);)+
            Router::new()$(.route($path, on_service(MethodFilter::$method, $stack.wrap($handler))))+
        }
    };
}

routes! {
    with gateway {
        let plain = ();
        let open = compression::layer(gateway.settings().compress_from, Arc::from_ref(gateway));
        // Needs a session. Answers that hold a token or its CSRF value are never compressed.
        let secret = sessions(gateway);
        let guarded = (
            compression::layer(gateway.settings().compress_from, Arc::from_ref(gateway)),
            sessions(gateway),
        );
    }

    POST "/v1/login" plain login::login;
    POST "/v1/login/assertion" plain assertion::login;
    POST "/v1/logout" secret switch::logout;
    GET "/v1/session" secret session::who_am_i;
    POST "/v1/session/refresh" secret switch::refresh;
    POST "/v1/session/role" secret switch::role;
    POST "/v1/session/org" secret switch::org;
    GET "/v1/session/footprint" guarded session::footprint;
    GET "/v1/session/freshness" guarded session::freshness;
    GET "/v1/session/readable" guarded organizations::readable;
    GET "/v1/session/writable" guarded organizations::writable;
    GET "/v1/session/sql-filter" guarded organizations::sql_filter;
    GET "/v1/session/roles" guarded organizations::roles;
    GET "/v1/tree" guarded tree::tree;
    GET "/v1/questions" guarded questions::by_address;
    POST "/v1/questions" guarded questions::one;
    POST "/v1/questions/batch" guarded questions::batch;
    GET "/v1/admin/sessions" guarded admin::sessions::list;
    POST "/v1/admin/sessions/end" guarded admin::sessions::end_many;
    DELETE "/v1/admin/sessions/{id}" guarded admin::sessions::end_one;
    GET "/v1/admin/organizations/{id}/roles" guarded admin::roles::list;
    GET "/v1/admin/trees" guarded admin::trees::list;
    GET "/v1/admin/statistics" guarded admin::statistics::statistics;
    GET "/v1/openapi.json" open openapi::openapi;
    GET "/metrics" open operations::metrics;
    GET "/healthz" plain operations::healthz;
    GET "/readyz" plain operations::readyz;
}

fn sessions(gateway: &Gateway) -> SessionLayer {
    SessionLayer::new(gateway.manager().clone()).with_cookie(gateway.settings().cookie())
}

/// All routes of a service.
pub fn router(gateway: &Gateway) -> Router {
    let respond = RespondLayer::from_ref(gateway);
    let settings = gateway.settings();
    let page = page::routes(settings.secure)
        .route_layer((respond.clone(), compression::layer(settings.compress_from, Arc::from_ref(gateway))));
    let mut router = api(gateway).merge(page);
    if let Some(mcp) = &settings.mcp {
        let from = mcp.compress_from().unwrap_or(settings.compress_from);
        let layers = (respond.clone(), compression::layer(from, Arc::from_ref(gateway)));
        router = router.merge(mcp::routes(mcp.clone()).route_layer(layers));
    }
    router
        .method_not_allowed_fallback((async || StatusCode::METHOD_NOT_ALLOWED).layer(respond.clone()))
        .fallback_service(LayerStack::new(gateway, ()).wrap(async || StatusCode::NOT_FOUND))
}
