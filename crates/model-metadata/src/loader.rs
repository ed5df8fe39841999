//! `MetadataLoader`: where metadata comes from.

use core::error::Error;
use core::future::Future;

use crate::{FieldDefinitions, ModelList, Permissions, Scope};

/// Asks the server for metadata, as the principal of a scope.
///
/// `Ok(None)` says that the server knows no such model; the cache remembers that for a short time. An error
/// is told to everybody who waits for the load, and never remembered.
///
/// A loader must answer for the scope that it is given, never for another: what it returns is shown to
/// everybody in it.
pub trait MetadataLoader: Send + Sync + 'static {
    /// Why a load fails.
    type Error: Error + Send + Sync + 'static;

    /// The complete definitions of a model's fields.
    fn load_fields(
        &self,
        scope: &Scope,
        model: &str,
    ) -> impl Future<Output = Result<Option<FieldDefinitions>, Self::Error>> + Send;

    /// What the principal may do with a model. The scope has no language here.
    fn load_permissions(
        &self,
        scope: &Scope,
        model: &str,
    ) -> impl Future<Output = Result<Option<Permissions>, Self::Error>> + Send;

    /// The models that the principal may know of.
    fn load_models(&self, scope: &Scope) -> impl Future<Output = Result<ModelList, Self::Error>> + Send;
}
