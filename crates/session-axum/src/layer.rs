//! `SessionLayer`: rejects requests without a session.

use core::convert::Infallible;
use core::future::ready;
use core::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use futures_util::TryFutureExt;
use futures_util::future::{BoxFuture, Either, MapOk};
use http::{HeaderName, Request, StatusCode};
use session::{Session, SessionError, SessionManager};
use tower_layer::Layer;
use tower_service::Service;

use crate::{COOKIE, Credential, Problem};

/// The header that marks a request which the user did not cause, such as polling by an open page. If the
/// method is safe, such a request does not count as use of the session.
pub const BACKGROUND_HEADER: &str = "x-orgcache-background";

/// [`BACKGROUND_HEADER`] as a `HeaderName`.
static BACKGROUND: HeaderName = HeaderName::from_static(BACKGROUND_HEADER);

/// Attaches the session to each request, for [`CurrentSession`](crate::CurrentSession) to extract, and
/// rejects requests without a session.
///
/// | request | response |
/// | --- | --- |
/// | has no credential, or one without a live session | 401 |
/// | has a cookie and an unsafe method, but not the right [`CSRF_HEADER`](crate::CSRF_HEADER) | 403 |
/// | its session cannot be looked up now | 503 with `Retry-After` |
///
/// The log has the precise reason. Each request counts as use of its session, except requests with a safe
/// method and the header [`BACKGROUND_HEADER`].
#[derive(Clone, Debug)]
pub struct SessionLayer {
    manager: SessionManager,
    cookie: &'static str,
}

impl SessionLayer {
    /// A layer that looks up sessions in a manager.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        SessionLayer { manager, cookie: COOKIE }
    }

    /// Sets the name of the cookie: [`SECURE_COOKIE`](crate::SECURE_COOKIE) if cookies are `Secure`.
    #[must_use]
    pub fn with_cookie(mut self, name: &'static str) -> Self {
        self.cookie = name;
        self
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService { inner, manager: self.manager.clone(), cookie: self.cookie }
    }
}

/// The service of a [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    manager: SessionManager,
    cookie: &'static str,
}

impl<S> Service<Request<Body>> for SessionService<S>
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<
        MapOk<S::Future, fn(S::Response) -> Response>,
        BoxFuture<'static, Result<Response, Infallible>>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let refused = |problem: Problem| -> Self::Future {
            Either::Right(Box::pin(ready(Ok(problem.into_response()))))
        };
        let Some(credential) = Credential::from_headers(request.headers(), self.cookie) else {
            return refused(Problem::unauthorized());
        };
        // A request has few headers, so comparing their names is faster than hashing one.
        let in_background =
            request.method().is_safe() && request.headers().keys().any(|name| *name == BACKGROUND);
        // Most sessions are in memory, so this path needs no boxed future.
        if !in_background && let Some(session) = self.manager.session_in_memory(credential.token()) {
            return match admit(&mut request, Admission { session, credential }) {
                Ok(()) => Either::Left(self.inner.call(request).map_ok(IntoResponse::into_response)),
                Err(problem) => refused(problem),
            };
        }
        let manager = self.manager.clone();
        // Call the service that was polled ready, and leave its clone for the next request.
        let clone = self.inner.clone();
        let mut inner = core::mem::replace(&mut self.inner, clone);
        Either::Right(Box::pin(async move {
            let found = if in_background {
                manager.peek(credential.token()).await
            } else {
                manager.session(credential.token()).await
            };
            let found = found.map_err(|error| refusal(&error));
            match found.and_then(|session| admit(&mut request, Admission { session, credential })) {
                Ok(()) => inner.call(request).await.map(IntoResponse::into_response),
                Err(problem) => Ok(problem.into_response()),
            }
        }))
    }
}

/// A session and its credential, which [`CurrentSession`](crate::CurrentSession) and [`Credential`] extract.
#[derive(Clone)]
pub(crate) struct Admission {
    pub(crate) session: Session,
    pub(crate) credential: Credential,
}

/// Attaches the session to a request, unless the request needs a CSRF value and does not have it.
fn admit(request: &mut Request<Body>, admission: Admission) -> Result<(), Problem> {
    if !admission.credential.is_protected_from_csrf(request.method(), request.headers()) {
        tracing::warn!(session = %admission.session.id(), "request rejected: cookie without its CSRF value");
        return Err(Problem::new(StatusCode::FORBIDDEN, "csrf").with_detail(
            "a request that changes state needs the header `x-orgcache-csrf` beside the cookie",
        ));
    }
    request.extensions_mut().insert(admission);
    Ok(())
}

/// The response if the session of a token cannot be used. Logs the reason.
#[must_use]
pub fn refusal(error: &SessionError) -> Problem {
    match error {
        SessionError::NotLive => Problem::unauthorized(),
        SessionError::Damaged { .. } => {
            tracing::error!(%error, "session ended");
            Problem::unauthorized()
        }
        SessionError::Outdated { .. } => {
            tracing::warn!(%error, "session ended");
            Problem::unauthorized().with_detail("made by an older version: log in again")
        }
        _ => {
            tracing::error!(%error, "session lookup failed");
            Problem::unavailable("sessions cannot be looked up at the moment")
        }
    }
}
