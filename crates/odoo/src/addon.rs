//! `AddonRules`: the access rules of the Odoo add-on `mcp_server`.

use model_metadata::{CacheScope, FieldDefinitions, MetadataLoader, ModelList, Permissions};

use crate::{OdooClient, OdooError, wire};

/// The access rules of the Odoo add-on `mcp_server`, as a loader for a metadata cache.
///
/// If the add-on does not answer, a load fails with [`OdooError::Unverified`], which is neither a permission
/// nor a refusal. A refusal is [`OdooError::Access`] with the add-on's message.
#[derive(Clone, Debug)]
pub struct AddonRules {
    client: OdooClient,
}

impl AddonRules {
    /// A loader of the rules for the client's user.
    #[must_use]
    pub fn new(client: OdooClient) -> Self {
        AddonRules { client }
    }
}

impl MetadataLoader for AddonRules {
    type Error = OdooError;

    /// Loads the definitions from Odoo, because the add-on has no rules for fields.
    async fn load_fields(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<FieldDefinitions>, OdooError> {
        self.client.load_fields(scope, model).await
    }

    async fn load_permissions(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Permissions>, OdooError> {
        self.client.check_scope(scope).await?;
        crate::call::check_name(model, true)?;
        self.client.call_addon(|auth, config| wire::addon_access(model, auth, config)).await.map(Some)
    }

    async fn load_models(&self, scope: &CacheScope) -> Result<ModelList, OdooError> {
        self.client.check_scope(scope).await?;
        self.client.call_addon(wire::addon_models).await
    }
}
