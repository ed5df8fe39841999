//! `get_fields`: what a model's fields are.

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
const USUAL: &[&str] = &["type", "string", "required", "readonly", "relation", "selection"];
/// How many options of a selection are returned if the call names no field.
const OPTIONS: usize = 20;

pub(crate) struct GetFields;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The fields to describe; without it the most relevant ones, with `["__all__"]` all of them.
    field_names: Option<Names>,
    /// The attributes to tell; without it type, string, required, readonly, relation and selection.
    attributes: Option<Names>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The model.
    model: String,
    /// The fields by name, each with its attributes.
    fields: Vec<FieldDescription>,
    /// How many fields are described here.
    total: usize,
    /// How many fields were left out.
    omitted: Option<usize>,
    /// How to get those left out, and which names are unknown.
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
        read-only, which model they refer to, and the options of selections. Use it to learn a model before reading or \
        writing its records.";
    type Arguments = Arguments;
    type Answer = Answer;

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, field_names, attributes } = arguments;
        service.require_read(&model).await?;
        let asked = Names::given(field_names.as_ref());
        let all = asked.as_ref().is_some_and(|names| names.contains(&ALL));
        let named = asked.filter(|_| !all);
        let definitions = service.fields(&model, named.as_deref().unwrap_or_default()).await?;
        let attributes = Names::given(attributes.as_ref());
        let usual = attributes.is_none();
        let attributes = attributes.unwrap_or_else(|| USUAL.to_vec());
        let (mut chosen, curated) = match &named {
            Some(names) => (names.clone(), false),
            None if all => (definitions.iter().map(|field| field.name()).collect(), false),
            None => (described_fields(&definitions), true),
        };
        chosen.sort_unstable();
        chosen.dedup();
        let known: Vec<_> = chosen.iter().filter_map(|name| definitions.get(name)).collect();
        let mut fields: Vec<FieldDescription> =
            known.iter().map(|field| describe(field, &attributes)).collect();
        let mut notes = Vec::new();
        let omitted = if curated { definitions.len() - fields.len() } else { 0 };
        if omitted > 0 {
            notes.push(format!(
                "These are {} of {} fields. Name others, or pass [\"__all__\"] for all.",
                fields.len(),
                definitions.len()
            ));
        }
        if curated && fields.iter_mut().map(shorten).filter(|cut| *cut).count() > 0 {
            notes.push(format!(
                "Of selections, {OPTIONS} options are shown (selection_more counts the others); name the field to get all."
            ));
        }
        let unknown: Vec<&str> =
            chosen.iter().copied().filter(|name| definitions.get(name).is_none()).collect();
        if !unknown.is_empty() {
            notes.push(format!("{model} has no field named {}.", unknown.join(", ")));
        }
        let has = |attribute: &&&str| fields.iter().any(|field| field.attributes.contains_key(**attribute));
        let absent: Vec<&str> =
            attributes.iter().filter(|it| !usual && !fields.is_empty() && !has(it)).copied().collect();
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
    let wanted = attributes.iter().filter(|name| **name != "name");
    let told = wanted.filter_map(|name| {
        let value = serde_json::from_str(field.attribute(name)?).ok()?;
        Some(((*name).to_owned(), value))
    });
    FieldDescription { name: field.name().to_owned(), attributes: told.collect() }
}

/// Cuts a long list of options; says whether it did.
fn shorten(field: &mut FieldDescription) -> bool {
    let Some(Value::Array(options)) = field.attributes.get_mut("selection") else { return false };
    let more = options.len().saturating_sub(OPTIONS);
    if more == 0 {
        return false;
    }
    options.truncate(OPTIONS);
    field.attributes.insert("selection_more".into(), more.into());
    true
}
