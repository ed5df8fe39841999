//! `list_resource_templates`: lists the templates of the URIs that can be read as resources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::ToolError;
use crate::resource_templates::TEMPLATES;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// Maximum number of models in the answer.
const MAX_MODELS: usize = 10;

pub(crate) struct ListResourceTemplates;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The templates of URIs.
    templates: Vec<Template>,
    /// Examples of models that they work with.
    enabled_models: Vec<String>,
    /// The number of models that they work with; null if all models are enabled.
    total_models: Option<usize>,
    /// How to use them.
    note: String,
}

#[derive(Serialize, JsonSchema)]
struct Template {
    uri_template: &'static str,
    description: &'static str,
    /// The parameters of the template.
    parameters: BTreeMap<&'static str, &'static str>,
    example: &'static str,
    note: Option<&'static str>,
}

impl Tool for ListResourceTemplates {
    const NAME: &'static str = "list_resource_templates";
    const TITLE: &'static str = "List Resource Templates";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "List the templates of the odoo:// URIs that can be read as resources.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, _: Arguments) -> Result<Answer, ToolError> {
        let templates = TEMPLATES.iter().map(|it| Template {
            uri_template: it.pattern,
            description: it.description,
            parameters: it.parameters.iter().copied().collect(),
            example: it.example,
            note: None,
        });
        let (enabled_models, total_models, scope) = if service.gate.has_rules() {
            let enabled = service.gate.enabled_models().await?;
            let examples = enabled.iter().take(MAX_MODELS).map(|(model, _)| model.to_owned()).collect();
            (examples, Some(enabled.len()), "")
        } else {
            (Vec::new(), None, "The templates work with all models. ")
        };
        Ok(Answer {
            templates: templates.collect(),
            enabled_models,
            total_models,
            note: format!(
                "{scope}URIs accept no query: to select fields, conditions or pages, use search_records and get_record."
            ),
        })
    }
}
