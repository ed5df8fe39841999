//! `CurrentSession`: the extractor that passes the session of a request to its handler.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use session::Session;

use crate::Problem;
use crate::layer::Admission;

/// The session of the current request.
///
/// # Errors
/// The [`SessionLayer`](crate::SessionLayer) rejects requests without a session before they reach the
/// handler. On a route without that layer, which is a bug of the program, all requests get a 500.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub Session);

impl<S: Sync> FromRequestParts<S> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let admission = parts.extensions.get::<Admission>().ok_or_else(Problem::no_layer)?;
        Ok(CurrentSession(admission.session.clone()))
    }
}
