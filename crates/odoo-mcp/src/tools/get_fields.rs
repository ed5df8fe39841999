//! `get_fields`: describes the fields of a model.

use model_metadata::FieldDefinition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::{ALL, Names};
use crate::selection::described_fields;
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// The attributes that are returned if the call names none.
const DEFAULT_ATTRIBUTES: &[&str] = &["type", "string", "required", "readonly", "relation", "selection"];
/// Maximum options of a selection in the answer if the call names no field.
const MAX_OPTIONS: usize = 20;

pub(crate) struct GetFields;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The fields to describe; the most relevant ones by default. `["__all__"]` describes all.
    field_names: Option<Names>,
    /// The attributes to return; by default type, string, required, readonly, relation and selection.
    attributes: Option<Names>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The model.
    model: String,
    /// The fields, each with its attributes.
    fields: Vec<FieldDescription>,
    /// The number of fields in the answer.
    total: usize,
    /// The number of omitted fields.
    omitted: Option<usize>,
    /// How to get the omitted fields, and which names are unknown.
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct FieldDescription {
    /// The field's name.
    name: String,
    #[serde(flatten)]
    attributes: Map<String, Value>,
}

impl Tool for GetFields {
    const NAME: &'static str = "get_fields";
    const TITLE: &'static str = "Get Fields";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Describe the fields of an Odoo model: type, label, whether required or \
        read-only, which model they refer to, and the options of selections. Use this before you read or write records \
        of an unfamiliar model.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, field_names, attributes } = arguments;
        service.require_read(&model).await?;
        let requested = Names::given(field_names.as_ref());
        let all = requested.as_ref().is_some_and(|names| names.contains(&ALL));
        let named = requested.filter(|_| !all);
        let definitions = service.fields(&model, named.as_deref().unwrap_or_default()).await?;
        let attributes = Names::given(attributes.as_ref());
        let by_default = attributes.is_none();
        let attributes = attributes.unwrap_or_else(|| DEFAULT_ATTRIBUTES.to_vec());
        let (mut selected, is_default) = match &named {
            Some(names) => (names.clone(), false),
            None if all => (definitions.iter().map(|field| field.name()).collect(), false),
            None => (described_fields(&definitions), true),
        };
        selected.sort_unstable();
        selected.dedup();
        let existing: Vec<_> = selected.iter().filter_map(|name| definitions.get(name)).collect();
        let mut fields: Vec<FieldDescription> =
            existing.iter().map(|field| describe(field, &attributes)).collect();
        let mut notes = Vec::new();
        let omitted = if is_default { definitions.len() - fields.len() } else { 0 };
        if omitted > 0 {
            notes.push(format!(
                "These are {} of {} fields. Name other fields, or pass [\"__all__\"] for all.",
                fields.len(),
                definitions.len()
            ));
        }
        if is_default && fields.iter_mut().map(shorten).filter(|shortened| *shortened).count() > 0 {
            notes.push(format!(
                "Selections show up to {MAX_OPTIONS} options (selection_more counts the others); name a field to get all."
            ));
        }
        let unknown: Vec<&str> =
            selected.iter().copied().filter(|name| definitions.get(name).is_none()).collect();
        if !unknown.is_empty() {
            notes.push(format!("{model} has no field named {}.", unknown.join(", ")));
        }
        let has = |attribute: &&&str| fields.iter().any(|field| field.attributes.contains_key(**attribute));
        let absent: Vec<&str> =
            attributes.iter().filter(|it| !by_default && !fields.is_empty() && !has(it)).copied().collect();
        if !absent.is_empty() {
            notes.push(format!("No field has the attribute {}.", absent.join(", ")));
        }
        Ok(Answer {
            model,
            total: fields.len(),
            fields,
            omitted: (omitted > 0).then_some(omitted),
            note: (!notes.is_empty()).then(|| notes.join(" ")),
        })
    }
}

fn describe(field: &FieldDefinition<'_>, attributes: &[&str]) -> FieldDescription {
    let requested = attributes.iter().filter(|name| **name != "name");
    let values = requested.filter_map(|name| {
        let value = serde_json::from_str(field.attribute(name)?).ok()?;
        Some(((*name).to_owned(), value))
    });
    FieldDescription { name: field.name().to_owned(), attributes: values.collect() }
}

/// Truncates a long list of options. Returns whether it did.
fn shorten(field: &mut FieldDescription) -> bool {
    let Some(Value::Array(options)) = field.attributes.get_mut("selection") else { return false };
    let more = options.len().saturating_sub(MAX_OPTIONS);
    if more == 0 {
        return false;
    }
    options.truncate(MAX_OPTIONS);
    field.attributes.insert("selection_more".into(), more.into());
    true
}
