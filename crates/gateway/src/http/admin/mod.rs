//! Administration routes: sessions, trees, statistics, roles. A client administrator sees its own client, an
//! instance administrator sees all.

pub(crate) mod clients;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod statistics;
pub(crate) mod trees;

mod openbravo;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use session_axum::Problem;

use crate::http::wire::problem::unprocessable;

/// The `{id}` of a path, percent-decoded but not validated.
#[derive(Debug)]
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| unprocessable("it is not UTF-8").with_field("id"))?;
        Ok(PathId(id))
    }
}
