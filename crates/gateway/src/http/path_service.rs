//! `PathService`: dispatches the requests for a path by method.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::header::ALLOW;
use axum::http::{Method, StatusCode};
use tower::{Layer, Service, service_fn};

use crate::http::middleware::respond::{AnswerFuture, RespondLayer, RespondService};

/// The handler of a method.
pub(crate) type Endpoint = Arc<dyn Fn(Request) -> AnswerFuture + Send + Sync>;

/// Dispatches requests to the handler of their method. Answers other methods with a 405 that lists the
/// allowed ones. The handler for `GET` also answers `HEAD`, and the server omits the body.
///
/// axum's `MethodRouter` does the same, but its 405 has no route in the log and the metrics, and it sets the
/// length of each answer, which the server does anyway.
#[derive(Clone)]
pub(crate) struct PathService {
    endpoints: Arc<[(Method, Endpoint)]>,
    /// The layer for the 405.
    respond: RespondLayer,
}

impl PathService {
    pub(crate) fn new(respond: RespondLayer, endpoints: impl Into<Arc<[(Method, Endpoint)]>>) -> Self {
        PathService { endpoints: endpoints.into(), respond }
    }

    /// Adds the path to a router.
    pub(crate) fn add_to(self, router: Router, path: &str) -> Router {
        router.route_service(path, service_fn(move |request| self.answer(request)))
    }

    /// Starts to answer a request.
    pub(crate) fn answer(&self, request: Request) -> AnswerFuture {
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        match self.endpoints.iter().find(|(one, _)| one == method) {
            Some((_, endpoint)) => endpoint(request),
            None => self.refuse(request),
        }
    }

    fn refuse(&self, request: Request) -> AnswerFuture {
        let methods = self.endpoints.iter().map(|(method, _)| method.as_str());
        let head = methods.clone().any(|method| method == "GET").then_some("HEAD");
        let allow = methods.chain(head).collect::<Vec<_>>().join(",");
        let refusal = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allow)]);
        self.respond.layer((move || ready(refusal)).with_state(())).call(request)
    }
}

/// Creates the handler of a method from a service.
pub(crate) fn endpoint<S>(service: RespondService<S>) -> Endpoint
where
    RespondService<S>: Service<Request, Future = AnswerFuture> + Clone + Send + Sync + 'static,
{
    Arc::new(move |request| service.clone().call(request))
}
