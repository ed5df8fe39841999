//! Renders resources as compact text: a record, the first records of a model, the fields of a model.
//!
//! A client puts the whole resource into a language model's context and cannot select parts of it. So the
//! text has the most relevant data, and says how to get the rest.

use core::fmt::Write;
use core::time::Duration;

use model_metadata::{FieldDefinition, Operation};
use odoo::OdooError;
use serde_json::{Value, json};

use crate::ToolError;
use crate::arguments::{ALL, Names};
use crate::presentation::present;
use crate::service::Service;
use crate::text::{self, push};
use crate::tool::call;
use crate::tools::SearchRecords;

/// Maximum characters of a text value.
const TEXT_CHARACTERS: usize = 2000;
/// Maximum ids of a list, and options of a selection.
const ITEMS: usize = 10;

/// Renders a record, with all fields that have a value.
pub(crate) async fn record(service: &Service, model: &str, id: i64) -> Result<String, ToolError> {
    match read_record(service, model, id).await {
        // A field of the cached definitions may no longer exist.
        Err(ToolError::Odoo(OdooError::Rejected { .. })) if service.fields_have_changed(model).await? => {
            read_record(service, model, id).await
        }
        read => read,
    }
}

async fn read_record(service: &Service, model: &str, id: i64) -> Result<String, ToolError> {
    service.require_read(model).await?;
    let context = service.context(None).await?;
    service.check_owners(model, &[id], Operation::Read).await?;
    let (mut selection, definitions) = service.select(model, Some(&Names(vec![ALL.into()]))).await?;
    let kind = |name: &str| definitions.get(name).and_then(|field| field.text("type")).unwrap_or_default();
    let all = selection.names.len();
    selection.names.retain(|name| kind(name) != "html");
    let html = all - selection.names.len();
    let rows = service.read(model, &[id], (&selection, &definitions), &context, Duration::ZERO).await?;
    let mut record = rows.records.into_iter().next().ok_or_else(|| ToolError::not_found(model, &[id]))?;
    present(model, &definitions, &rows.names, &mut record);
    record.retain(|name, value| kind(name) != "html" && is_set(value, &kind(name)));
    record.values_mut().for_each(shorten);
    let mut text = text::render(&Value::Object(record));
    let hidden =
        [(html, "html"), (selection.withheld.len(), "credential-like"), (rows.skipped.len(), "unreadable")];
    let hidden = hidden.iter().filter(|(number, _)| *number > 0);
    let hidden: Vec<String> = hidden.map(|(number, what)| format!("{number} {what}")).collect();
    if !hidden.is_empty() {
        push(&mut text, &format!("(omitted: {}; get_record by name)\n", hidden.join(", ")));
    }
    Ok(text)
}

/// Does the field have a value? Odoo returns `false` for an empty field of any type but boolean.
fn is_set(value: &Value, kind: &str) -> bool {
    match value {
        Value::Bool(false) => kind == "boolean",
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        value => !value.is_null(),
    }
}

/// Truncates long texts and lists, and appends their full length.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(TEXT_CHARACTERS) {
                let all = text.chars().count();
                text.truncate(end);
                push(text, &format!("… ({all} characters)"));
            }
        }
        Value::Array(items) if items.len() > ITEMS && items.iter().all(Value::is_i64) => {
            let all = items.len();
            items.truncate(ITEMS);
            items.push(format!("… ({all})").into());
        }
        _ => {}
    }
}

/// Renders the ids and names of the first records of a model.
pub(crate) async fn search(service: &Service, model: &str) -> Result<String, ToolError> {
    let arguments = json!({"model": model, "fields": ["display_name"]});
    let found = call::<SearchRecords>(service, arguments.as_object().cloned().unwrap_or_default()).await?;
    let member = |name: &str| found.structured.get(name);
    let rows = member("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let total = member("total").and_then(Value::as_u64).unwrap_or_default();
    let mut text = format!("{model}: {} of {total} records\n", rows.len());
    for row in rows {
        let name = row.get("display_name").unwrap_or(&Value::Null);
        let id = row.get("id").unwrap_or(&Value::Null);
        push(&mut text, &format!("{id}: "));
        text::line(&mut text, name);
        text.push('\n');
    }
    if let Some(next) = member("next_offset").filter(|next| next.is_u64()) {
        push(&mut text, &format!("(more: search_records with offset {next})\n"));
    }
    Ok(text)
}

/// Renders the fields of a model, one per line.
pub(crate) async fn fields(service: &Service, model: &str) -> Result<String, ToolError> {
    service.require_read(model).await?;
    let definitions = service.fields(model, &[]).await?;
    let mut text = format!("{model}: {} fields\n", definitions.len());
    for field in definitions.iter() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}: {}", field.name(), field.text("type").unwrap_or_default());
        describe(&mut text, &field);
        text.push('\n');
    }
    Ok(text)
}

fn describe(text: &mut String, field: &FieldDefinition<'_>) {
    if let Some(label) = field.text("string").filter(|label| label != field.name()) {
        text.push_str(", ");
        text::line(text, &label.into());
    }
    for flag in ["required", "readonly"] {
        if field.is_true(flag) {
            push(text, &format!(", {flag}"));
        }
    }
    if let Some(relation) = field.text("relation") {
        push(text, &format!(", of {relation}"));
    }
    let options: Option<Vec<Value>> =
        field.attribute("selection").and_then(|it| serde_json::from_str(it).ok());
    if let Some(options) = options {
        let keys = options.iter().filter_map(|option| option.get(0)).take(ITEMS);
        let keys: Vec<String> =
            keys.map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned)).collect();
        let more = options.len().saturating_sub(ITEMS);
        push(text, &format!(", one of {}", keys.join("|")));
        if more > 0 {
            push(text, &format!(" and {more} more"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_set, shorten};

    #[test]
    fn long_values_are_truncated_with_their_length() {
        let short = |mut value: Value| {
            shorten(&mut value);
            value
        };
        assert_eq!(short(json!("x".repeat(2000))), json!("x".repeat(2000)));
        assert_eq!(short(json!("é".repeat(2001))), json!("é".repeat(2000) + "… (2001 characters)"));
        assert_eq!(short(json!([1, 2])), json!([1, 2]));
        let cut = short(json!((1..=500).collect::<Vec<_>>()));
        assert_eq!(cut, json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "… (500)"]));
    }

    #[test]
    fn false_is_a_value_only_of_a_boolean() {
        assert!(is_set(&json!(false), "boolean") && is_set(&json!(0), "integer"));
        assert!(
            !is_set(&json!(false), "char") && !is_set(&json!([]), "one2many") && !is_set(&json!(""), "char")
        );
    }
}
