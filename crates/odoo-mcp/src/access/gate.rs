//! `Gate`: every operation on a model passes it.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use model_metadata::{CacheConfig, CacheStats, MetadataCache, ModelList, Operation, Permissions};
use odoo::{AddonRules, OdooClient, OdooError};
use platform::text::{NAME_BYTES, shorten};

use crate::{Mode, ToolError};

/// Decides by the mode, and where the mode says so by the add-on's rules, which it keeps for five minutes.
pub(crate) struct Gate {
    mode: Mode,
    client: OdooClient,
    rules: Arc<AddonRules>,
    known: MetadataCache<OdooError>,
}

impl Gate {
    pub(crate) fn new(mode: Mode, client: OdooClient) -> Self {
        let rules = Arc::new(AddonRules::new(client.clone()));
        Gate { mode, client, rules, known: MetadataCache::new(CacheConfig::default()) }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Do the add-on's rules decide, model by model?
    pub(crate) fn has_rules(&self) -> bool {
        self.mode == Mode::Rules
    }

    /// Lets an operation on a model through.
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
                    self.known.permissions(&self.rules, &scope, model).await.map_err(refused)?;
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

    /// Is the operation let through? Only a refusal is a no; that the rules cannot be asked is an error.
    pub(crate) async fn allows(&self, model: &str, operation: Operation) -> Result<bool, ToolError> {
        match self.require(model, operation).await {
            Ok(()) => Ok(true),
            Err(ToolError::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The models that the rules open.
    pub(crate) async fn open_models(&self) -> Result<Arc<ModelList>, ToolError> {
        let scope = self.client.scope().await?;
        self.known.models(&self.rules, &scope, &[]).await.map_err(refused)
    }

    /// What the rules allow on each of these models, several asked at once; nothing where they cannot be
    /// asked.
    pub(crate) async fn permissions(&self, models: &[&str]) -> Result<Vec<Option<Permissions>>, ToolError> {
        let scope = self.client.scope().await?;
        let at_once = self.client.config().pool_size;
        // A listing is the add-on's word, and still no path may be made of it unseen.
        let named: Vec<&str> =
            models.iter().copied().filter(|model| check_model_name(model).is_ok()).collect();
        let mut questions = Vec::with_capacity(named.len());
        for model in &named {
            questions.push(self.known.permissions(&self.rules, &scope, model));
        }
        let answers: Vec<_> = stream::iter(questions).buffered(at_once.max(1)).collect().await;
        let mut answers = named.into_iter().zip(answers).peekable();
        let answer = |model: &&str| {
            let (_, answer) = answers.next_if(|(named, _)| named == model)?;
            answer.ok().map(Option::unwrap_or_default)
        };
        Ok(models.iter().map(answer).collect())
    }

    pub(crate) fn stats(&self) -> CacheStats {
        self.known.stats()
    }
}

/// What the add-on's refusal or silence means.
fn refused(error: Arc<OdooError>) -> ToolError {
    match &*error {
        OdooError::Access { message } => ToolError::Denied(message.clone()),
        OdooError::Unverified { message } => ToolError::Unverified(message.clone()),
        // A refused login is reported as such; for any other error there is no answer to rely on.
        error if error.is_refused_login() => ToolError::Odoo(error.clone()),
        other => ToolError::Unverified(other.to_string()),
    }
}

/// A model's name becomes part of a path: it is words of letters, digits and underscores with dots between
/// them.
fn check_model_name(model: &str) -> Result<(), ToolError> {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    // Some models have words that begin with a digit, but none the first.
    let later =
        |word: &str| !word.is_empty() && word.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    let mut words = model.split('.');
    if model.len() <= 128 && words.next().is_some_and(word) && words.all(later) {
        return Ok(());
    }
    let shown = shorten(model, NAME_BYTES);
    Err(ToolError::invalid(format!("`{shown}` cannot be the name of a model")))
}

#[cfg(test)]
mod tests {
    use super::check_model_name;

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        for name in ["res.partner", "x_custom", "l10n_es.form.303", "account.edi.xml.ubl_20"] {
            assert!(check_model_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a..b", "res/partner", "res.partner?", "%2e", "res partner", "é", "1a"] {
            assert!(check_model_name(name).is_err(), "{name}");
        }
        assert!(check_model_name(&"a".repeat(129)).is_err());
    }
}
