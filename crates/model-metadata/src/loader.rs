//! `MetadataLoader`: the port through which the cache asks a server.

use core::error::Error;
use core::future::Future;

use crate::{CacheScope, FieldDefinitions, ModelList, Permissions};

/// Asks the server for metadata, as the user of a scope.
///
/// `Ok(None)` says that the server knows no such model; the cache remembers that for a short time. An error
/// goes to all callers that wait for the load, and is never cached.
///
/// A loader must answer for the given scope and no other: the cache gives the answer to all callers with an
/// equal scope.
pub trait MetadataLoader: Send + Sync + 'static {
    /// Why a load fails.
    type Error: Error + Send + Sync + 'static;

    /// The complete definitions of a model's fields.
    fn load_fields(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> impl Future<Output = Result<Option<FieldDefinitions>, Self::Error>> + Send;

    /// What the user may do with a model. The scope has no language here.
    fn load_permissions(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> impl Future<Output = Result<Option<Permissions>, Self::Error>> + Send;

    /// The models that the user may see.
    fn load_models(&self, scope: &CacheScope) -> impl Future<Output = Result<ModelList, Self::Error>> + Send;
}
