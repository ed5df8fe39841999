//! `Service`: what all tools share.

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

/// A client of Odoo with its caches, and the gate before them.
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

    /// The scope of metadata: the user, in the companies that calls are confined to.
    pub(crate) async fn scope(&self) -> Result<CacheScope, ToolError> {
        let scope = self.client.scope().await?;
        Ok(scope.with_companies(self.settings.companies.iter().copied()))
    }

    /// The definitions of a model's fields, recent enough to believe that a name which they lack does not
    /// exist.
    pub(crate) async fn fields(
        &self,
        model: &str,
        names: &[&str],
    ) -> Result<Arc<FieldDefinitions>, ToolError> {
        let scope = self.scope().await?;
        let fields = self.metadata.fields_naming(&self.client, &scope, model, names).await?;
        fields.ok_or_else(|| ToolError::invalid(format!("there is no model `{model}`")))
    }

    /// Makes sure that the model has fields of these names.
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

    /// The context of a call: the companies that are configured, and over it what the caller asks for.
    pub(crate) async fn context(&self, asked: Option<&CallContext>) -> Result<Map<String, Value>, ToolError> {
        let mut context = Map::new();
        if !self.settings.companies.is_empty() {
            context.insert("allowed_company_ids".into(), self.settings.companies.clone().into());
        }
        let Some(asked) = asked else { return Ok(context) };
        if let Some(Ids(companies)) = &asked.allowed_company_ids {
            self.check_companies(companies).await?;
        }
        asked.write_to(&mut context)?;
        Ok(context)
    }

    async fn check_companies(&self, companies: &[i64]) -> Result<(), ToolError> {
        let own = if self.settings.companies.is_empty() {
            let user = self.client.scope().await?.user().id();
            let rows: Vec<Map<String, Value>> =
                self.client.call(Call::read("res.users", &[user], &["company_ids"])).await?;
            let ids = rows.first().and_then(|row| row.get("company_ids")).and_then(Value::as_array);
            ids.into_iter().flatten().filter_map(Value::as_i64).collect()
        } else {
            self.settings.companies.clone()
        };
        match companies.iter().find(|company| !own.contains(company)) {
            None if companies.is_empty() => {
                Err(ToolError::invalid("context.allowed_company_ids must name a company"))
            }
            None => Ok(()),
            Some(company) => Err(ToolError::Denied(format!(
                "company {company} in context.allowed_company_ids is none of those that this user may act in here"
            ))),
        }
    }

    /// Have the definitions of a model's fields changed since they were asked for? They are asked for again,
    /// but no more often than names that do not exist.
    pub(crate) async fn fields_have_changed(&self, model: &str) -> Result<bool, ToolError> {
        /// What no field is called, so that definitions of some age are not believed to be all.
        const NO_FIELD: &str = "";
        let scope = self.scope().await?;
        let Some(before) = self.metadata.known_fields(&scope, model) else { return Ok(false) };
        let now = self.metadata.fields_naming(&self.client, &scope, model, &[NO_FIELD]).await?;
        // Equal definitions are one allocation.
        Ok(now.is_none_or(|now| !Arc::ptr_eq(&before, &now)))
    }

    /// Calls a method in a context. If the call may change models, everything cached about them is
    /// invalidated.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        context: &Map<String, Value>,
    ) -> Result<T, ToolError> {
        let _forgets = (call.effect() == Effect::Write && defines_models(call.model()))
            .then(|| InvalidateOnDrop(Arc::clone(&self.metadata)));
        let check = (call.effect() == Effect::Write).then(|| self.how_to_check(&call));
        match (self.client.call(call.context(context)).await, check) {
            (Err(cause), Some(check)) if cause.may_have_been_done() => {
                Err(ToolError::InDoubt { cause, check })
            }
            (result, _) => Ok(result?),
        }
    }

    /// How to find out whether a change was made.
    pub(crate) fn how_to_check(&self, call: &Call) -> String {
        let (model, ids) = (call.model(), call.ids());
        match (call.name(), ids) {
            ("create", _) => {
                let own = self
                    .client
                    .known_user()
                    .map(|user| format!("the domain [[\"create_uid\", \"=\", {user}]] and "));
                let own = own.unwrap_or_default();
                format!("look for it with search_records on `{model}`, {own}the order `id desc`")
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

    /// Makes sure that a record exists, archived or not.
    pub(crate) async fn check_exists(
        &self,
        model: &str,
        ids: &[i64],
        context: &Map<String, Value>,
    ) -> Result<(), ToolError> {
        let domain = serde_json::json!([["id", "in", ids]]);
        let archived_too = Map::from_iter([("active_test".to_owned(), Value::Bool(false))]);
        let call = Call::search(model, domain).context(context).context(&archived_too);
        let found: Vec<i64> = self.client.call(call).await?;
        let missing: Vec<i64> = ids.iter().copied().filter(|id| !found.contains(id)).collect();
        if missing.is_empty() { Ok(()) } else { Err(ToolError::not_found(model, &missing)) }
    }

    /// Where people look at records. It is asked for before a write, so that nothing can fail after it.
    pub(crate) async fn record_pages(&self) -> Result<RecordPages, ToolError> {
        let base = self.client.config().url.as_str().trim_end_matches('/').to_owned();
        Ok(RecordPages { base, by_path: self.client.version().await? >= 18 })
    }

    /// Lets reading a model through.
    pub(crate) async fn require_read(&self, model: &str) -> Result<(), ToolError> {
        self.gate.require(model, Operation::Read).await
    }
}

/// Where people look at records.
pub(crate) struct RecordPages {
    base: String,
    /// From version 18 on, a page has a path of its own.
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

/// InvalidateOnDrop all metadata when it is dropped, whether the call was waited for or given up.
struct InvalidateOnDrop(Arc<MetadataCache<OdooError>>);

impl Drop for InvalidateOnDrop {
    fn drop(&mut self) {
        self.0.invalidate_all();
    }
}

/// Does a record of this model, or a wizard, decide which models and fields there are, what they are called,
/// or who sees them?
fn defines_models(model: &str) -> bool {
    const FAMILIES: [&str; 2] = ["ir.model", "base"];
    const OTHERS: [&str; 4] = ["ir.module.module", "res.groups", "res.users", "res.lang"];
    let below =
        |family: &&str| model.strip_prefix(*family).is_some_and(|it| it.is_empty() || it.starts_with('.'));
    OTHERS.contains(&model) || FAMILIES.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::defines_models;

    #[test]
    fn some_models_are_about_models() {
        for model in ["ir.model", "ir.model.fields", "base.module.upgrade", "res.groups", "ir.module.module"]
        {
            assert!(defines_models(model), "{model}");
        }
        for model in ["res.partner", "ir.modeller", "ir.attachment", "res.users.log", "database.x"] {
            assert!(!defines_models(model), "{model}");
        }
    }
}
