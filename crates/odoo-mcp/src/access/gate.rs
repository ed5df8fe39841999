//! `Gate`: decides whether an operation on a model is allowed.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use model_metadata::{CacheConfig, CacheStats, MetadataCache, ModelList, Operation, Permissions};
use odoo::{AddonRules, OdooClient, OdooError};
use platform::text::{NAME_BYTES, shorten};

use crate::{Mode, ToolError};

/// Decides by the mode. In the mode `Rules` it decides by the rules of the add-on, cached for five minutes.
pub(crate) struct Gate {
    mode: Mode,
    client: OdooClient,
    rules: Arc<AddonRules>,
    cached_rules: MetadataCache<OdooError>,
}

impl Gate {
    pub(crate) fn new(mode: Mode, client: OdooClient) -> Self {
        let rules = Arc::new(AddonRules::new(client.clone()));
        Gate { mode, client, rules, cached_rules: MetadataCache::new(CacheConfig::default()) }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Do the add-on's rules apply?
    pub(crate) fn has_rules(&self) -> bool {
        self.mode == Mode::Rules
    }

    /// Returns an error unless the operation on the model is allowed.
    pub(crate) async fn require(&self, model: &str, operation: Operation) -> Result<(), ToolError> {
        check_model_name(model)?;
        match (self.mode, operation) {
            (Mode::Full, _) | (Mode::Read, Operation::Read) => Ok(()),
            (Mode::Read, _) => Err(ToolError::Denied(format!(
                "`{}` on `{model}`: this server only reads (ODOO_YOLO=read)",
                operation.name()
            ))),
            (Mode::Rules, _) => {
                let scope = self.client.scope().await?;
                let permissions =
                    self.cached_rules.permissions(&self.rules, &scope, model).await.map_err(rules_error)?;
                let permissions = permissions.unwrap_or_default();
                if permissions.allow(operation) {
                    return Ok(());
                }
                Err(ToolError::Denied(if permissions == Permissions::default() {
                    format!("model `{model}` is not enabled for mcp access")
                } else {
                    format!("operation `{}` is not allowed on model `{model}`", operation.name())
                }))
            }
        }
    }

    /// Is the operation allowed? If the rules cannot be loaded, that is an error and not a refusal.
    pub(crate) async fn allows(&self, model: &str, operation: Operation) -> Result<bool, ToolError> {
        match self.require(model, operation).await {
            Ok(()) => Ok(true),
            Err(ToolError::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The models that the rules enable.
    pub(crate) async fn enabled_models(&self) -> Result<Arc<ModelList>, ToolError> {
        let scope = self.client.scope().await?;
        self.cached_rules.models(&self.rules, &scope, &[]).await.map_err(rules_error)
    }

    /// The rules of several models, loaded concurrently; `None` for a model whose rules cannot be loaded.
    pub(crate) async fn permissions(&self, models: &[&str]) -> Result<Vec<Option<Permissions>>, ToolError> {
        let scope = self.client.scope().await?;
        let concurrency = self.client.config().pool_size;
        // The names come from the add-on and become part of a path, so they must be checked too.
        let valid: Vec<&str> =
            models.iter().copied().filter(|model| check_model_name(model).is_ok()).collect();
        let mut loads = Vec::with_capacity(valid.len());
        for model in &valid {
            loads.push(self.cached_rules.permissions(&self.rules, &scope, model));
        }
        let results: Vec<_> = stream::iter(loads).buffered(concurrency.max(1)).collect().await;
        let mut results = valid.into_iter().zip(results).peekable();
        let result_for = |model: &&str| {
            let (_, result) = results.next_if(|(valid, _)| valid == model)?;
            result.ok().map(Option::unwrap_or_default)
        };
        Ok(models.iter().map(result_for).collect())
    }

    pub(crate) fn stats(&self) -> CacheStats {
        self.cached_rules.stats()
    }
}

/// Converts an error of loading the rules.
fn rules_error(error: Arc<OdooError>) -> ToolError {
    match &*error {
        OdooError::Access { message } => ToolError::Denied(message.clone()),
        OdooError::Unverified { message } => ToolError::Unverified(message.clone()),
        // Report a refused login as such. After any other error the rules are unknown.
        error if error.is_refused_login() => ToolError::Odoo(error.clone()),
        other => ToolError::Unverified(other.to_string()),
    }
}

/// Checks the name of a model, which becomes part of a path: words of letters, digits and underscores,
/// separated by dots.
fn check_model_name(model: &str) -> Result<(), ToolError> {
    let is_first_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    // Any word but the first may start with a digit.
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    let mut words = model.split('.');
    if model.len() <= 128 && words.next().is_some_and(is_first_word) && words.all(is_word) {
        return Ok(());
    }
    let shown = shorten(model, NAME_BYTES);
    Err(ToolError::invalid(format!("`{shown}` cannot be the name of a model")))
}

#[cfg(test)]
mod tests {
    use super::check_model_name;

    #[test]
    fn names_that_could_change_the_path_are_rejected() {
        for name in ["res.partner", "x_custom", "l10n_es.form.303", "account.edi.xml.ubl_20"] {
            assert!(check_model_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a..b", "res/partner", "res.partner?", "%2e", "res partner", "é", "1a"] {
            assert!(check_model_name(name).is_err(), "{name}");
        }
        assert!(check_model_name(&"a".repeat(129)).is_err());
    }
}
