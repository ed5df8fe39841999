//! `/mcp`: serves Odoo databases to language models with the Model Context Protocol over streamable HTTP.
//!
//! `principals` authenticates requests and has a service per principal. `configuration` parses the file of
//! principals. `cors` admits web pages.

mod configuration;
mod cors;
mod principals;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use session_axum::Problem;

use crate::http::middleware::respond::{OwnErrorFormat, RespondLayer};

pub use configuration::McpError;
pub use principals::{Mcp, ReloadOutcome};

/// The routes, within a layer.
pub(crate) fn routes(mcp: Mcp, respond: &RespondLayer) -> Router {
    let route = |path| any(answer).layer(respond.for_route(path));
    Router::new().route("/mcp", route("/mcp")).route("/mcp/", route("/mcp/")).with_state(mcp)
}

async fn answer(State(mcp): State<Mcp>, request: Request) -> Response {
    let Some(origin) = cors::listed_origin(&mcp, request.headers()) else {
        return serve(&mcp, request).await;
    };
    let mut response = match cors::preflight(request.method(), request.headers()) {
        Some(response) => response,
        None => serve(&mcp, request).await,
    };
    cors::expose(&mut response, origin);
    response
}

async fn serve(mcp: &Mcp, mut request: Request) -> Response {
    let Some(service) = mcp.service_for(request.headers()) else {
        return Problem::unauthorized().into_response();
    };
    // Strip the credentials before forwarding the request.
    request.headers_mut().remove(AUTHORIZATION);
    request.headers_mut().remove(COOKIE);
    let mut response = service.answer(request).await.map(Body::new);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(OwnErrorFormat);
    response
}
