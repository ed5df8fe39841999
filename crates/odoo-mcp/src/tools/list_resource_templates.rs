//! `list_resource_templates`: which addresses can be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::ToolError;
use crate::resource_templates::TEMPLATES;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// How many models are named as examples.
const EXAMPLES: usize = 10;

pub(crate) struct ListResourceTemplates;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The patterns of addresses.
    templates: Vec<Template>,
    /// Some of the models that they work with.
    enabled_models: Vec<String>,
    /// How many models they work with; nothing where all models are open.
    total_models: Option<usize>,
    /// How to use them.
    note: String,
}

#[derive(Serialize, JsonSchema)]
struct Template {
    uri_template: &'static str,
    description: &'static str,
    /// What to put into the pattern.
    parameters: BTreeMap<&'static str, &'static str>,
    example: &'static str,
    note: Option<&'static str>,
}

impl Tool for ListResourceTemplates {
    const NAME: &'static str = "list_resource_templates";
    const TITLE: &'static str = "List Resource Templates";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str =
        "List the patterns of the odoo:// addresses that can be read as resources.";
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
            let open = service.gate.open_models().await?;
            let named = open.iter().take(EXAMPLES).map(|(model, _)| model.to_owned()).collect();
            (named, Some(open.len()), "")
        } else {
            (Vec::new(), None, "They work with every model. ")
        };
        Ok(Answer {
            templates: templates.collect(),
            enabled_models,
            total_models,
            note: format!(
                "{scope}Addresses take no query: use search_records and get_record to choose fields, conditions and pages."
            ),
        })
    }
}
