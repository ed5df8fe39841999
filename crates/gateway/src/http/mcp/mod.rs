//! `/mcp`: Odoo databases for language models, by the Model Context Protocol over streamable HTTP.
//!
//! `principals` is who may ask, and as whom Odoo is asked; `configuration` is the file that says so.

mod configuration;
mod principals;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use session_axum::Problem;

use super::compression;
use super::finish::Finish;
use super::gateway::Gateway;

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
    Router::new().route("/mcp", any(answer)).route_layer(layers).with_state(gateway.clone())
}

async fn answer(State(gateway): State<Gateway>, mut request: Request) -> Response {
    let mcp = gateway.settings().mcp.as_ref();
    let Some(service) = mcp.and_then(|mcp| mcp.service_for(request.headers())) else {
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
