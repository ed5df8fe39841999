//! `/mcp`: Odoo databases for language models, by the Model Context Protocol over streamable HTTP.
//!
//! `principals` is who may ask, and as whom Odoo is asked; `configuration` is the file that says so; `cors`
//! lets web pages ask.

mod configuration;
mod cors;
mod principals;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use session_axum::Problem;

use super::gateway::Gateway;
use crate::http::middleware::compression;
use crate::http::middleware::respond::Finish;

pub use configuration::McpError;
pub use principals::{Mcp, Reloaded};

/// An answer whose shape is the protocol's own, refusals included.
#[derive(Clone, Copy)]
pub(crate) struct Shaped;

/// The route, if the service is configured.
pub(crate) fn routes(gateway: &Gateway) -> Router {
    let Some(mcp) = &gateway.settings().mcp else { return Router::new() };
    let from = mcp.compress_from().unwrap_or(gateway.settings().compress_from);
    let layers = (Finish(gateway.clone()), compression::offer(from));
    let routes = Router::new().route("/mcp", any(answer)).route("/mcp/", any(answer));
    routes.route_layer(layers).with_state(gateway.clone())
}

async fn answer(State(gateway): State<Gateway>, request: Request) -> Response {
    let Some(mcp) = &gateway.settings().mcp else { return StatusCode::NOT_FOUND.into_response() };
    let Some(origin) = cors::listed_origin(mcp, request.headers()) else { return serve(mcp, request).await };
    let mut response = match cors::preflight(request.method(), request.headers()) {
        Some(response) => response,
        None => serve(mcp, request).await,
    };
    cors::expose(&mut response, origin);
    response
}

async fn serve(mcp: &Mcp, mut request: Request) -> Response {
    let Some(service) = mcp.service_for(request.headers()) else {
        return Problem::unauthorized().into_response();
    };
    // What let the request in is nobody's business any more.
    request.headers_mut().remove(AUTHORIZATION);
    request.headers_mut().remove(COOKIE);
    let mut response = service.answer(request).await.map(Body::new);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Shaped);
    response
}
