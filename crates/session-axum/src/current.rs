//! `CurrentSession`: the extractor that gives a handler the session of its request.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use session::Session;

use crate::Problem;
use crate::layer::Admission;

/// The session of the request that is being answered.
///
/// # Errors
/// A request that has none never gets to the handler: the [`SessionLayer`](crate::SessionLayer) has answered
/// it. On a route without that layer, which is a mistake of the program, every request is answered with a
/// 500.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub Session);

impl<S: Sync> FromRequestParts<S> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let admitted = parts.extensions.get::<Admission>().ok_or_else(Problem::no_layer)?;
        Ok(CurrentSession(admitted.session.clone()))
    }
}
