//! `list_models`: lists the models and the operations that are allowed on them.

use model_metadata::{ModelList, Permissions};
use odoo::OdooError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{Mode, ToolError};

/// Maximum number of listed models if all models are enabled.
const MAX_MODELS: usize = 500;

/// Technical models that are listed because they are useful.
const USEFUL: &[&str] = &["ir.attachment", "ir.model", "ir.model.fields", "ir.config_parameter"];

pub(crate) struct ListModels;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// A part of the model's name or label, such as `sale`; lists all models by default.
    search: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The models.
    models: Vec<Model>,
    /// The mode of the server, if all models are enabled.
    yolo_mode: Option<Yolo>,
    /// The number of models in the answer.
    total: usize,
    /// The number of all models.
    total_available: Option<usize>,
    /// Remarks.
    note: Option<String>,
    /// Why the list is missing.
    error: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Model {
    /// The name of the model for calls.
    model: String,
    /// The label of the model.
    name: String,
    /// The allowed operations; see yolo_mode if all models are enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    operations: Option<Operations>,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
struct Operations {
    read: bool,
    write: bool,
    create: bool,
    unlink: bool,
}

#[derive(Serialize, JsonSchema)]
struct Yolo {
    enabled: bool,
    /// `read` or `true`.
    level: &'static str,
    description: &'static str,
    warning: &'static str,
    /// The allowed operations on all models.
    operations: Operations,
}

impl From<Permissions> for Operations {
    fn from(it: Permissions) -> Self {
        Operations { read: it.read, write: it.write, create: it.create, unlink: it.unlink }
    }
}

impl Tool for ListModels {
    const NAME: &'static str = "list_models";
    const TITLE: &'static str = "List Models";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "List the Odoo models that the tools can use, with their labels and the allowed \
        operations. Pass search to filter them.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, Arguments { search }: Arguments) -> Result<Answer, ToolError> {
        let search = search.unwrap_or_default().trim().to_lowercase();
        if service.gate.has_rules() { by_rules(service, &search).await } else { all(service, &search).await }
    }
}

/// Does the model's name or label contain the text?
fn matches((model, name): (&str, &str), search: &str) -> bool {
    model.contains(search) || name.to_lowercase().contains(search)
}

/// Lists the models that the add-on's rules enable.
async fn by_rules(service: &Service, search: &str) -> Result<Answer, ToolError> {
    let enabled = service.gate.enabled_models().await?;
    let enabled: Vec<(&str, &str)> = enabled.iter().filter(|it| matches(*it, search)).collect();
    let names: Vec<&str> = enabled.iter().map(|(model, _)| *model).collect();
    let permissions = service.gate.permissions(&names).await?;
    let unknown = permissions.iter().filter(|it| it.is_none()).count();
    let model = |((model, name), permissions): ((&str, &str), Option<Permissions>)| Model {
        model: model.to_owned(),
        name: name.to_owned(),
        operations: Some(permissions.unwrap_or_default().into()),
    };
    let models: Vec<Model> = enabled.into_iter().zip(permissions).map(model).collect();
    let note = (unknown > 0).then(|| {
        format!("The rules of {unknown} models could not be loaded, so nothing is allowed on these for now.")
    });
    Ok(Answer {
        total: models.len(),
        total_available: Some(models.len()),
        models,
        yolo_mode: None,
        note,
        error: None,
    })
}

/// Lists the models of the database, without technical ones.
async fn all(service: &Service, search: &str) -> Result<Answer, ToolError> {
    let scope = service.scope().await?;
    let (models, error) = match service.metadata.models(&service.client, &scope, &[]).await {
        Ok(models) => (models, None),
        Err(error) if matches!(*error, OdooError::Access { .. }) => {
            let reason = "Odoo does not allow this user to read the list of models. The tools still work with the \
                          models that this user may use: name the one you need, such as res.partner.";
            (ModelList::default().into(), Some(reason.to_owned()))
        }
        Err(error) => return Err(error.into()),
    };
    let full = service.gate.mode() == Mode::Full;
    let shown: Vec<(&str, &str)> =
        models.iter().filter(|(model, _)| is_listed(model)).filter(|it| matches(*it, search)).collect();
    let available = shown.len();
    let note = (available > MAX_MODELS)
        .then(|| format!("{MAX_MODELS} of {available} models are listed; pass search for others."));
    let mut shown: Vec<Model> = shown
        .into_iter()
        .map(|(model, name)| Model { model: model.to_owned(), name: name.to_owned(), operations: None })
        .collect();
    shown.sort_by(|one, other| (&one.name, &one.model).cmp(&(&other.name, &other.model)));
    shown.truncate(MAX_MODELS);
    let operations = Operations { read: true, write: full, create: full, unlink: full };
    Ok(Answer {
        total: shown.len(),
        total_available: error.is_none().then_some(available),
        models: shown,
        yolo_mode: Some(Yolo {
            enabled: true,
            level: service.gate.mode().name(),
            description: if full { "FULL ACCESS" } else { "READ-ONLY" },
            warning: "The add-on's rules do not apply: only the user's access rights in Odoo limit the tools.",
            operations,
        }),
        note,
        error,
    })
}

fn is_listed(model: &str) -> bool {
    let is_technical =
        model.starts_with("ir.") || model.starts_with("base.") || matches!(model, "base" | "_unknown");
    !is_technical || USEFUL.contains(&model)
}
