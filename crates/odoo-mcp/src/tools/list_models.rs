//! `list_models`: which models there are, and what may be done with them.

use model_metadata::{ModelList, Permissions};
use odoo::OdooError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::tool::{Tool, ToolEffect};
use crate::{Mode, ToolError};

/// How many models are listed where all are open.
const LISTED: usize = 500;

/// The models of the machinery that are listed all the same.
const USEFUL: &[&str] = &["ir.attachment", "ir.model", "ir.model.fields", "ir.config_parameter"];

pub(crate) struct ListModels;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// A part of the model's name or of its name for people, such as `sale`; all models without it.
    search: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The models.
    models: Vec<Model>,
    /// How the server is set, where all models are open.
    yolo_mode: Option<Yolo>,
    /// How many models are listed here.
    total: usize,
    /// How many models there are.
    total_available: Option<usize>,
    /// What else there is to say.
    note: Option<String>,
    /// Why there is no list.
    error: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Model {
    /// The model's name for calls.
    model: String,
    /// Its name for people.
    name: String,
    /// What may be done with it; where all models are open, see yolo_mode.
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
    /// What may be done with every model.
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
    const DESCRIPTION: &'static str = "List the Odoo models that can be used here, each with its name for people and \
        what may be done with it. Pass search to find a few of them.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, Arguments { search }: Arguments) -> Result<Answer, ToolError> {
        let sought = search.unwrap_or_default().trim().to_lowercase();
        if service.gate.has_rules() { by_rules(service, &sought).await } else { all(service, &sought).await }
    }
}

/// Is a text a part of the model's name, or of its name for people?
fn is_sought((model, name): (&str, &str), sought: &str) -> bool {
    model.contains(sought) || name.to_lowercase().contains(sought)
}

/// The models that the add-on's rules open.
async fn by_rules(service: &Service, sought: &str) -> Result<Answer, ToolError> {
    let open = service.gate.open_models().await?;
    let open: Vec<(&str, &str)> = open.iter().filter(|it| is_sought(*it, sought)).collect();
    let names: Vec<&str> = open.iter().map(|(model, _)| *model).collect();
    let permissions = service.gate.permissions(&names).await?;
    let unknown = permissions.iter().filter(|it| it.is_none()).count();
    let model = |((model, name), permissions): ((&str, &str), Option<Permissions>)| Model {
        model: model.to_owned(),
        name: name.to_owned(),
        operations: Some(permissions.unwrap_or_default().into()),
    };
    let models: Vec<Model> = open.into_iter().zip(permissions).map(model).collect();
    let note = (unknown > 0).then(|| {
        format!("The rules of {unknown} models could not be asked: nothing is allowed there for now.")
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

/// The models of the database, without the machinery.
async fn all(service: &Service, sought: &str) -> Result<Answer, ToolError> {
    let scope = service.scope().await?;
    let (models, error) = match service.metadata.models(&service.client, &scope, &[]).await {
        Ok(models) => (models, None),
        Err(error) if matches!(*error, OdooError::Access { .. }) => {
            let why = "Odoo does not let this user read the list of models. All tools work with the models that this \
                       user may use: name the one you need, such as res.partner.";
            (ModelList::default().into(), Some(why.to_owned()))
        }
        Err(error) => return Err(error.into()),
    };
    let full = service.gate.mode() == Mode::Full;
    let shown: Vec<(&str, &str)> =
        models.iter().filter(|(model, _)| is_listed(model)).filter(|it| is_sought(*it, sought)).collect();
    let available = shown.len();
    let note = (available > LISTED)
        .then(|| format!("{LISTED} of {available} models are listed; pass search for others."));
    let mut shown: Vec<Model> = shown
        .into_iter()
        .map(|(model, name)| Model { model: model.to_owned(), name: name.to_owned(), operations: None })
        .collect();
    shown.sort_by(|one, other| (&one.name, &one.model).cmp(&(&other.name, &other.model)));
    shown.truncate(LISTED);
    let operations = Operations { read: true, write: full, create: full, unlink: full };
    Ok(Answer {
        total: shown.len(),
        total_available: error.is_none().then_some(available),
        models: shown,
        yolo_mode: Some(Yolo {
            enabled: true,
            level: service.gate.mode().name(),
            description: if full { "FULL ACCESS" } else { "READ-ONLY" },
            warning: "No rules of the add-on apply: what Odoo lets this user do is what limits the tools.",
            operations,
        }),
        note,
        error,
    })
}

fn is_listed(model: &str) -> bool {
    let machinery =
        model.starts_with("ir.") || model.starts_with("base.") || matches!(model, "base" | "_unknown");
    !machinery || USEFUL.contains(&model)
}
