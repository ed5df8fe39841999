//! `Service`: the state that all tools share.

use std::sync::Arc;

use model_metadata::{CacheScope, FieldDefinitions, MetadataCache, Operation};
use odoo::{CachedReader, Call, Effect, OdooClient, OdooError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::access::Gate;
use crate::arguments::Ids;
use crate::context::CallContext;
use crate::unreadable_fields::UnreadableFields;
use crate::{McpSettings, ToolError};

/// A client of Odoo with its caches, and the gate that checks access.
pub(crate) struct Service {
    pub(crate) client: Arc<OdooClient>,
    pub(crate) reader: CachedReader,
    pub(crate) metadata: Arc<MetadataCache<OdooError>>,
    pub(crate) gate: Gate,
    pub(crate) settings: McpSettings,
    pub(crate) unreadable: UnreadableFields,
}

impl Service {
    pub(crate) fn new(
        client: OdooClient,
        metadata: Arc<MetadataCache<OdooError>>,
        settings: McpSettings,
    ) -> Self {
        Service {
            reader: CachedReader::new(client.clone(), Arc::clone(&metadata)),
            gate: Gate::new(settings.mode, client.clone()),
            client: Arc::new(client),
            metadata,
            settings,
            unreadable: UnreadableFields::default(),
        }
    }

    /// The scope of metadata: the user and the configured companies.
    pub(crate) async fn scope(&self) -> Result<CacheScope, ToolError> {
        let scope = self.client.scope().await?;
        Ok(scope.with_companies(self.settings.companies.iter().copied()))
    }

    /// The definitions of a model's fields. If the cached ones lack one of `names`, they are loaded again,
    /// unless they are very recent.
    pub(crate) async fn fields(
        &self,
        model: &str,
        names: &[&str],
    ) -> Result<Arc<FieldDefinitions>, ToolError> {
        let scope = self.scope().await?;
        let fields = self.metadata.fields_naming(&self.client, &scope, model, names).await?;
        fields.ok_or_else(|| ToolError::invalid(format!("there is no model `{model}`")))
    }

    /// Checks that the model has fields of these names.
    pub(crate) async fn check_names<'a>(
        &self,
        model: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Arc<FieldDefinitions>, ToolError> {
        let names: Vec<&str> = names.into_iter().collect();
        let fields = self.fields(model, &names).await?;
        let mut unknown: Vec<String> =
            names.iter().filter(|name| fields.get(name).is_none()).map(|name| format!("`{name}`")).collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(fields);
        }
        let unknown = unknown.join(", ");
        Err(ToolError::invalid(format!("`{model}` has no field {unknown} that this user may see")))
    }

    /// The context of a call: the configured companies, overridden by the context that the caller requests.
    pub(crate) async fn context(
        &self,
        requested: Option<&CallContext>,
    ) -> Result<Map<String, Value>, ToolError> {
        let mut context = Map::new();
        if !self.settings.companies.is_empty() {
            context.insert("allowed_company_ids".into(), self.settings.companies.clone().into());
        }
        let Some(requested) = requested else { return Ok(context) };
        if let Some(Ids(companies)) = &requested.allowed_company_ids {
            self.check_companies(companies).await?;
        }
        requested.write_to(&mut context)?;
        Ok(context)
    }

    async fn check_companies(&self, companies: &[i64]) -> Result<(), ToolError> {
        let allowed = if self.settings.companies.is_empty() {
            let user = self.client.scope().await?.user().id();
            let rows: Vec<Map<String, Value>> =
                self.client.call(Call::read("res.users", &[user], &["company_ids"])).await?;
            let ids = rows.first().and_then(|row| row.get("company_ids")).and_then(Value::as_array);
            ids.into_iter().flatten().filter_map(Value::as_i64).collect()
        } else {
            self.settings.companies.clone()
        };
        match companies.iter().find(|company| !allowed.contains(company)) {
            None if companies.is_empty() => {
                Err(ToolError::invalid("context.allowed_company_ids must name a company"))
            }
            None => Ok(()),
            Some(company) => Err(ToolError::Denied(format!(
                "this user may not act in company {company} (context.allowed_company_ids)"
            ))),
        }
    }

    /// Have the definitions of a model's fields changed since they were cached? Loads them again, but not
    /// more often than for an unknown name.
    pub(crate) async fn fields_have_changed(&self, model: &str) -> Result<bool, ToolError> {
        /// A name that no field has, so that definitions beyond the negative time to live are loaded again.
        const NO_FIELD: &str = "";
        let scope = self.scope().await?;
        let Some(before) = self.metadata.known_fields(&scope, model) else { return Ok(false) };
        let now = self.metadata.fields_naming(&self.client, &scope, model, &[NO_FIELD]).await?;
        // Equal definitions share one allocation.
        Ok(now.is_none_or(|now| !Arc::ptr_eq(&before, &now)))
    }

    /// Calls a method in a context. If the call may change models or fields, invalidates all cached metadata.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        context: &Map<String, Value>,
    ) -> Result<T, ToolError> {
        let _invalidation = (call.effect() == Effect::Write && defines_models(call.model()))
            .then(|| InvalidateOnDrop(Arc::clone(&self.metadata)));
        let check = (call.effect() == Effect::Write).then(|| self.how_to_check(&call));
        match (self.client.call(call.context(context)).await, check) {
            (Err(cause), Some(check)) if cause.may_have_been_done() => {
                Err(ToolError::InDoubt { cause, check })
            }
            (result, _) => Ok(result?),
        }
    }

    /// How to find out whether a write was carried out.
    pub(crate) fn how_to_check(&self, call: &Call) -> String {
        let (model, ids) = (call.model(), call.ids());
        match (call.name(), ids) {
            ("create", _) => {
                let creator = self
                    .client
                    .known_user()
                    .map(|user| format!("the domain [[\"create_uid\", \"=\", {user}]] and "));
                let creator = creator.unwrap_or_default();
                format!("look for it with search_records on `{model}`, {creator}the order `id desc`")
            }
            ("message_post", [id, ..]) => format!(
                "look for it with search_records on `mail.message`, the domain [[\"model\", \"=\", \"{model}\"], \
                 [\"res_id\", \"=\", {id}]] and the order `id desc`"
            ),
            (_, []) => format!("look at the records of `{model}` that it changes"),
            (_, ids) => {
                format!("look with search_records on `{model}` and the domain [[\"id\", \"in\", {ids:?}]]")
            }
        }
    }

    /// Checks that records exist, archived or not.
    pub(crate) async fn check_exists(
        &self,
        model: &str,
        ids: &[i64],
        context: &Map<String, Value>,
    ) -> Result<(), ToolError> {
        let domain = serde_json::json!([["id", "in", ids]]);
        let with_archived = Map::from_iter([("active_test".to_owned(), Value::Bool(false))]);
        let call = Call::search(model, domain).context(context).context(&with_archived);
        let found: Vec<i64> = self.client.call(call).await?;
        let missing: Vec<i64> = ids.iter().copied().filter(|id| !found.contains(id)).collect();
        if missing.is_empty() { Ok(()) } else { Err(ToolError::not_found(model, &missing)) }
    }

    /// The addresses of records in Odoo's web client. Call it before a write, so that it cannot fail after
    /// it.
    pub(crate) async fn record_pages(&self) -> Result<RecordPages, ToolError> {
        let base = self.client.config().url.as_str().trim_end_matches('/').to_owned();
        Ok(RecordPages { base, by_path: self.client.version().await? >= 18 })
    }

    /// Requires that the gate allows reading a model.
    pub(crate) async fn require_read(&self, model: &str) -> Result<(), ToolError> {
        self.gate.require(model, Operation::Read).await
    }
}

/// The addresses of records in Odoo's web client.
pub(crate) struct RecordPages {
    base: String,
    /// Odoo 18 and later have a path for each record.
    by_path: bool,
}

impl RecordPages {
    pub(crate) fn url(&self, model: &str, id: i64) -> String {
        let base = &self.base;
        if self.by_path {
            format!("{base}/odoo/{model}/{id}")
        } else {
            format!("{base}/web#id={id}&model={model}&view_type=form")
        }
    }
}

/// Invalidates all metadata when it is dropped, also if the call is cancelled.
struct InvalidateOnDrop(Arc<MetadataCache<OdooError>>);

impl Drop for InvalidateOnDrop {
    fn drop(&mut self) {
        self.0.invalidate_all();
    }
}

/// Can a write to this model change models, fields, their labels, or who may see them?
fn defines_models(model: &str) -> bool {
    const FAMILIES: [&str; 2] = ["ir.model", "base"];
    const OTHERS: [&str; 4] = ["ir.module.module", "res.groups", "res.users", "res.lang"];
    let is_in =
        |family: &&str| model.strip_prefix(*family).is_some_and(|it| it.is_empty() || it.starts_with('.'));
    OTHERS.contains(&model) || FAMILIES.iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::defines_models;

    #[test]
    fn models_that_define_models_are_recognized() {
        for model in ["ir.model", "ir.model.fields", "base.module.upgrade", "res.groups", "ir.module.module"]
        {
            assert!(defines_models(model), "{model}");
        }
        for model in ["res.partner", "ir.modeller", "ir.attachment", "res.users.log", "database.x"] {
            assert!(!defines_models(model), "{model}");
        }
    }
}
