//! `MetadataLoader`: the interface through which the cache loads metadata from a server.

use core::error::Error;
use core::future::Future;

use crate::{CacheScope, FieldDefinitions, ModelList, Permissions};

/// Loads metadata from a server, as the user of a scope.
///
/// `Ok(None)` means that the server has no such model; the cache stores that for a short time. An error goes
/// to all callers that wait for the load, and is never cached.
///
/// The result must be valid for the given scope: the cache returns it to all callers with an equal scope.
pub trait MetadataLoader: Send + Sync + 'static {
    /// The error of a failed load.
    type Error: Error + Send + Sync + 'static;

    /// The complete definitions of a model's fields.
    fn load_fields(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> impl Future<Output = Result<Option<FieldDefinitions>, Self::Error>> + Send;

    /// The user's permissions on a model. The scope has no language.
    fn load_permissions(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> impl Future<Output = Result<Option<Permissions>, Self::Error>> + Send;

    /// The models that the user may see.
    fn load_models(&self, scope: &CacheScope) -> impl Future<Output = Result<ModelList, Self::Error>> + Send;
}
