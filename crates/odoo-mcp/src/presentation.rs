//! Converts records from Odoo's format to that of the tools: datetimes in ISO 8601, files as links.

use model_metadata::FieldDefinitions;
use serde_json::{Map, Value, json};

use crate::uri;

/// The context key that makes Odoo return the sizes of binary fields instead of their contents.
pub(crate) const SIZES_ONLY: &str = "bin_size";

/// Converts a record from Odoo's format to that of the tools, with the fields in the order of `names`. The id
/// comes first unless `names` contains it.
pub(crate) fn present(
    model: &str,
    fields: &FieldDefinitions,
    names: &[String],
    record: &mut Map<String, Value>,
) {
    arrange(record, names);
    let id = record.get("id").and_then(Value::as_i64);
    let is_link = model == "ir.attachment" && record.get("type").and_then(Value::as_str) == Some("url");
    for (name, value) in record.iter_mut() {
        let Some(kind) = fields.get(name).and_then(|field| field.text("type")) else { continue };
        match (kind.as_str(), id) {
            ("datetime", _) => {
                if let Some(datetime) = value.as_str().and_then(iso) {
                    *value = Value::String(datetime);
                }
            }
            ("binary" | "image", Some(id)) if is_file(value) || (is_link && uri::is_content(name)) => {
                *value = Value::String(uri::for_field(model, id, name));
            }
            _ => {}
        }
    }
}

/// Sorts the fields by `names`. Other fields come last.
fn arrange(record: &mut Map<String, Value>, names: &[String]) {
    let mut arranged = Map::with_capacity(record.len());
    let id = "id".to_owned();
    let first = (!names.contains(&id)).then_some(&id);
    for name in first.into_iter().chain(names) {
        arranged.extend(record.remove_entry(name));
    }
    arranged.append(record);
    *record = arranged;
}

/// Converts `2026-01-31 10:00:00`, which is in UTC, to `2026-01-31T10:00:00+00:00`.
pub(crate) fn iso(datetime: &str) -> Option<String> {
    let (day, time) = datetime.split_once(' ')?;
    (day.len() == 10 && time.len() >= 8).then(|| format!("{day}T{time}+00:00"))
}

/// Does the value of a binary field stand for a file? It is the file's size, or an object in newer versions.
/// Some binary fields contain other data, which is not converted.
fn is_file(value: &Value) -> bool {
    match value {
        Value::String(size) => !size.is_empty(),
        Value::Object(parts) => {
            parts.contains_key("content")
                && parts.contains_key("size")
                && parts.keys().all(|key| ["content", "size", "filename"].contains(&key.as_str()))
        }
        _ => false,
    }
}

/// The `specification` argument of `web_search_read`: the fields, with the display name of each many2one.
pub(crate) fn specification(fields: &FieldDefinitions, names: &[&str]) -> Value {
    let field_specification = |name: &str| {
        let kind = fields.get(name).and_then(|field| field.text("type"));
        let is_reference = kind.as_deref() == Some("many2one");
        if is_reference { json!({"fields": {"display_name": {}}}) } else { json!({}) }
    };
    names.iter().map(|name| ((*name).to_owned(), field_specification(name))).collect::<Map<_, _>>().into()
}

/// Converts references in the result of `web_search_read` to pairs of id and name, as `read` returns them.
pub(crate) fn pair_references(fields: &FieldDefinitions, record: &mut Map<String, Value>) {
    for (name, value) in record.iter_mut() {
        let is_reference = || fields.get(name).and_then(|it| it.text("type")).as_deref() == Some("many2one");
        if let Value::Object(reference) = &*value
            && is_reference()
            && let Some(id) = reference.get("id")
        {
            *value = json!([id, reference.get("display_name")]);
        }
    }
}

#[cfg(test)]
mod tests {
    use model_metadata::FieldDefinitions;
    use serde_json::{Map, Value, json};

    use super::{pair_references, present, specification};

    fn fields() -> FieldDefinitions {
        serde_json::from_value(json!({
            "id": {"type": "integer"}, "name": {"type": "char"}, "date": {"type": "datetime"}, "day": {"type": "date"},
            "image": {"type": "binary"}, "totals": {"type": "binary"}, "country_id": {"type": "many2one"},
            "datas": {"type": "binary"}, "type": {"type": "selection"}
        }))
        .unwrap()
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn datetimes_become_iso_and_files_become_links() {
        let mut record = object(json!({
            "id": 7, "name": "2026-01-31 10:00:00", "date": "2026-01-31 10:00:00", "day": "2026-01-31",
            "image": "12.50 Kb", "totals": {"amount": 3}, "unknown": "x"
        }));
        let names = ["day", "name", "missing", "date", "image", "totals", "unknown"].map(str::to_owned);
        present("res.partner", &fields(), &names, &mut record);
        let expected = json!({
            "id": 7, "name": "2026-01-31 10:00:00", "date": "2026-01-31T10:00:00+00:00", "day": "2026-01-31",
            "image": "odoo://res.partner/record/7/image", "totals": {"amount": 3}, "unknown": "x"
        });
        let order: Vec<&String> = record.keys().collect();
        assert_eq!(order, ["id", "day", "name", "date", "image", "totals", "unknown"]);
        assert_eq!(Value::Object(record), expected);
        let mut record = object(json!({"name": "x", "id": 7}));
        present("res.partner", &fields(), &["name", "id"].map(str::to_owned), &mut record);
        assert_eq!(record.keys().collect::<Vec<_>>(), ["name", "id"]);
    }

    #[test]
    fn contents_of_attachments_become_attachment_links() {
        for (record, expected) in [
            (json!({"id": 7, "datas": "12.50 Kb"}), json!("odoo://attachment/7")),
            (json!({"id": 7, "datas": false, "type": "url"}), json!("odoo://attachment/7")),
            (json!({"id": 7, "datas": false, "type": "binary"}), json!(false)),
            (json!({"id": 7, "datas": {"content": "eA==", "size": 1}}), json!("odoo://attachment/7")),
        ] {
            let mut record = object(record);
            present("ir.attachment", &fields(), &[], &mut record);
            assert_eq!(record.get("datas"), Some(&expected));
        }
    }

    #[test]
    fn references_become_pairs_of_id_and_name() {
        let requested = specification(&fields(), &["name", "country_id"]);
        assert_eq!(requested, json!({"name": {}, "country_id": {"fields": {"display_name": {}}}}));
        let mut record =
            object(json!({"id": 1, "country_id": {"id": 20, "display_name": "Belgium"}, "name": "x"}));
        pair_references(&fields(), &mut record);
        assert_eq!(Value::Object(record), json!({"id": 1, "country_id": [20, "Belgium"], "name": "x"}));
    }
}
