//! `get_record`: reads a record.

use core::time::Duration;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use model_metadata::{FieldDefinitions, Operation};
use odoo::Read;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolError;
use crate::arguments::{Names, RecordId};
use crate::context::CallContext;
use crate::presentation::present;
use crate::read::{Method, left_out};
use crate::service::Service;
use crate::tool::{Tool, ToolEffect};

/// Maximum length of a list of related records to return their names.
const MAX_RELATED: usize = 5;
/// Maximum number of such lists.
const MAX_LISTS: usize = 8;

pub(crate) struct GetRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The model, such as `res.partner`.
    model: String,
    /// The id of the record.
    record_id: RecordId,
    /// The fields to read; the most useful ones by default. `["__all__"]` reads all, which may be large.
    fields: Option<Names>,
    context: Option<CallContext>,
    /// Accepts a cached record of up to this age in seconds, a few at most. 0, the default, always asks Odoo.
    /// Writes through this server invalidate the cache.
    #[serde(default)]
    max_age: u32,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// The fields of the record.
    record: Map<String, Value>,
    /// How the fields were selected, if the call did not name them.
    metadata: Option<Metadata>,
    /// The names of related records by field, for short lists.
    related_summaries: Option<BTreeMap<String, Vec<Related>>>,
    /// Fields that were left out because the user may not read them.
    skipped_fields: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Metadata {
    /// The number of fields in the answer.
    fields_returned: usize,
    /// How the fields were selected: smart_defaults, explicit or all.
    field_selection_method: &'static str,
    /// The number of fields of the model.
    total_fields_available: Option<usize>,
    /// How to get more fields.
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Related {
    id: i64,
    display_name: String,
}

impl Tool for GetRecord {
    const NAME: &'static str = "get_record";
    const TITLE: &'static str = "Get Record";
    const EFFECT: ToolEffect = ToolEffect::Reads;
    const DESCRIPTION: &'static str = "Read one record of an Odoo model by id. By default the most useful fields are \
        read; get_fields lists all fields. Files are returned as odoo:// URIs, which read_attachment reads. To read \
        several records, use search_records with [[\"id\", \"in\", ids]]. Datetimes are in UTC.";
    type Arguments = Arguments;
    type Answer = Answer;

    fn take_payload(answer: &mut Answer) -> Option<(&'static str, Value)> {
        Some(("record", Value::Object(std::mem::take(&mut answer.record))))
    }

    async fn run(service: &Service, arguments: Arguments) -> Result<Answer, ToolError> {
        let Arguments { model, record_id: RecordId(id), fields, context, max_age } = arguments;
        let max_age = Duration::from_secs(max_age.into());
        service.require_read(&model).await?;
        let context = service.context(context.as_ref()).await?;
        service.check_owners(&model, &[id], Operation::Read).await?;
        let (selection, definitions) = service.select(&model, fields.as_ref()).await?;
        if selection.names == ["id"] {
            // A read of only the id does not check whether the record exists.
            service.check_exists(&model, &[id], &context).await?;
        }
        let rows = service.read(&model, &[id], (&selection, &definitions), &context, max_age).await?;
        let mut record =
            rows.records.into_iter().next().ok_or_else(|| ToolError::not_found(&model, &[id]))?;
        let related = related(service, &definitions, &record, &context, max_age).await?;
        present(&model, &definitions, &rows.names, &mut record);
        let left_out = left_out(&selection.withheld, &rows.skipped);
        let note = match selection.method {
            Method::Chosen => Some(format!(
                "These are the most useful fields. Name other fields, which get_fields lists, or pass [\"__all__\"]. {}",
                left_out.unwrap_or_default()
            )),
            Method::All | Method::Explicit => left_out,
        };
        let metadata = note.map(|note| Metadata {
            fields_returned: record.len(),
            field_selection_method: selection.method.name(),
            total_fields_available: Some(definitions.len()),
            note: Some(note.trim_end().to_owned()),
        });
        let skipped_fields = (!rows.skipped.is_empty()).then_some(rows.skipped);
        Ok(Answer { record, metadata, related_summaries: related, skipped_fields })
    }
}

/// The names of the related records in short lists. Skips records that the user may not read.
async fn related(
    service: &Service,
    definitions: &FieldDefinitions,
    record: &Map<String, Value>,
    context: &Map<String, Value>,
    max_age: Duration,
) -> Result<Option<BTreeMap<String, Vec<Related>>>, ToolError> {
    let mut lists: Vec<(&str, String, Vec<i64>)> = Vec::new();
    for (name, value) in record {
        let Some(field) = definitions.get(name) else { continue };
        let ids: Vec<i64> = value.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        let is_list = matches!(field.text("type").as_deref(), Some("one2many" | "many2many"));
        if let (true, 1..=MAX_RELATED, Some(relation)) = (is_list, ids.len(), field.text("relation")) {
            lists.push((name, relation, ids));
        }
    }
    let read = async |(name, relation, ids): (&str, String, Vec<i64>)| {
        service.require_read(&relation).await?;
        let read = Read::new(&relation, &ids, &["display_name"]).in_context(context.clone());
        Ok::<_, ToolError>((name.to_owned(), service.rows(read, max_age).await?))
    };
    let reads = lists.into_iter().take(MAX_LISTS).map(read);
    let mut related = BTreeMap::new();
    for list in stream::iter(reads).buffered(MAX_LISTS).collect::<Vec<_>>().await {
        match list {
            Ok((name, rows)) => {
                let rows = rows.iter().filter_map(|row| {
                    let id = row.get("id")?.as_i64()?;
                    let name = row.get("display_name").and_then(Value::as_str);
                    Some(Related { id, display_name: name.map_or_else(|| format!("id {id}"), str::to_owned) })
                });
                related.insert(name, rows.collect());
            }
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error),
        }
    }
    Ok((!related.is_empty()).then_some(related))
}
