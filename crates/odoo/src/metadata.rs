//! Loads metadata from Odoo: the client is a loader for the metadata cache.

use model_metadata::{CacheScope, FieldDefinitions, MetadataLoader, ModelList, Operation, Permissions};
use serde::Deserialize;
use serde_json::json;

use crate::{Call, OdooClient, OdooError};

const EMPLOYEES: &str = "hr.employee";
const PUBLIC_EMPLOYEES: &str = "hr.employee.public";

#[derive(Deserialize)]
struct ModelRow {
    model: String,
    #[serde(alias = "display_name")]
    name: String,
}

impl OdooClient {
    /// Checks that a scope belongs to the client's user, because another user may see other fields.
    pub(crate) async fn check_scope(&self, scope: &CacheScope) -> Result<(), OdooError> {
        let client_scope = self.scope().await?;
        if client_scope.user() == scope.user() {
            return Ok(());
        }
        Err(OdooError::refused(self.config()))
    }

    /// Adds the language and companies of a scope to a call.
    fn in_scope(call: Call, scope: &CacheScope) -> Call {
        let mut context = serde_json::Map::new();
        if !scope.language().is_empty() {
            context.insert("lang".into(), scope.language().into());
        }
        if !scope.companies().is_empty() {
            context.insert("allowed_company_ids".into(), scope.companies().into());
        }
        call.context(&context)
    }
}

impl MetadataLoader for OdooClient {
    type Error = OdooError;

    async fn load_fields(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<FieldDefinitions>, OdooError> {
        self.check_scope(scope).await?;
        let call = Self::in_scope(Call::fields_get(model), scope);
        match self.call(call).await {
            Ok(definitions) => Ok(Some(definitions)),
            Err(OdooError::UnknownModel { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn load_permissions(
        &self,
        scope: &CacheScope,
        model: &str,
    ) -> Result<Option<Permissions>, OdooError> {
        self.check_scope(scope).await?;
        let check = async |operation: Operation| {
            let call = Self::in_scope(Call::check_access_rights(model, operation.name()), scope);
            match self.call::<bool>(call).await {
                Ok(allowed) => Ok(Some(allowed)),
                Err(OdooError::UnknownModel { .. }) => Ok(None),
                // Some versions raise an error in spite of `raise_exception`.
                Err(OdooError::Access { .. }) => Ok(Some(false)),
                Err(error) => Err(error),
            }
        };
        let [read, write, create, unlink] = Operation::ALL;
        let answers =
            futures_util::future::try_join4(check(read), check(write), check(create), check(unlink)).await?;
        Ok(match answers {
            (Some(read), Some(write), Some(create), Some(unlink)) => {
                Some(Permissions { read, write, create, unlink })
            }
            _ => None,
        })
    }

    /// For administrators, who may read `ir.model`: all models that are not transient. For other users: the
    /// models that they may read.
    async fn load_models(&self, scope: &CacheScope) -> Result<ModelList, OdooError> {
        self.check_scope(scope).await?;
        let call = Call::search_read("ir.model", json!([["transient", "=", false]]), &["model", "name"]);
        let call = Self::in_scope(call.option("order", "name"), scope);
        let rows: Vec<ModelRow> = match self.call(call).await {
            Err(OdooError::Access { .. }) => {
                let call = Call::method("ir.model", "get_available_models").idempotent();
                let mut rows: Vec<ModelRow> = self.call(Self::in_scope(call, scope)).await?;
                // Odoo omits employees, although users can read them through the public profile.
                let is_listed = |model: &str| rows.iter().any(|row| row.model == model);
                let profile = rows.iter().find(|row| row.model == PUBLIC_EMPLOYEES);
                if let Some(ModelRow { name, .. }) = profile.filter(|_| !is_listed(EMPLOYEES)) {
                    rows.push(ModelRow { model: EMPLOYEES.into(), name: name.clone() });
                }
                rows
            }
            rows => rows?,
        };
        Ok(rows.iter().map(|row| (row.model.as_str(), row.name.as_str())).collect())
    }
}
