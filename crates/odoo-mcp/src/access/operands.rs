//! Converts the operands of a domain to the types of the fields that they are compared with.

use std::sync::Arc;

use model_metadata::{FieldDefinition, FieldDefinitions};
use serde_json::Value;

use super::writes::rejection;
use crate::ToolError;
use crate::domain::takes_domain;
use crate::service::Service;
use crate::value::{ExpectedForm, convert, date, datetime, id, integer, reference_id};

/// First version that accepts dates and datetimes relative to now (`today`, `-3d`).
const RELATIVE_SINCE: u64 = 19;

/// The length of a date without a time, such as `2026-01-31`.
const DATE_LENGTH: usize = 10;

impl Service {
    /// Converts the operands of a domain to the types of their fields, and rejects ambiguous ones. Follows
    /// paths and nested domains. Leaves operands of unknown fields to Odoo.
    pub(crate) async fn convert_domain(&self, model: &str, domain: &mut [Value]) -> Result<(), ToolError> {
        let version = self.client.version().await?;
        let mut domains: Vec<(String, &mut [Value])> = vec![(model.to_owned(), domain)];
        while let Some((model, domain)) = domains.pop() {
            for term in domain {
                let Some([Value::String(path), operator, operand]) =
                    term.as_array_mut().map(Vec::as_mut_slice)
                else {
                    continue;
                };
                let operator = operator.as_str().unwrap_or_default().trim().to_ascii_lowercase();
                let Some((fields, name)) = self.end_of_path(&model, path).await? else { continue };
                let Some(field) = fields.get(name) else { continue };
                if takes_domain(&operator) {
                    if let (Some(relation), Value::Array(domain)) = (field.text("relation"), operand) {
                        domains.push((relation, domain));
                    }
                    continue;
                }
                let error =
                    |expected| rejection(&format!("the domain's `{path}`"), &model, operand, expected);
                *operand = convert_operand(&field, &operator, operand, version).map_err(error)?;
            }
        }
        Ok(())
    }

    /// The last field of a path and the definitions of its model; `None` if the path cannot be followed.
    async fn end_of_path<'a>(
        &self,
        model: &str,
        path: &'a str,
    ) -> Result<Option<(Arc<FieldDefinitions>, &'a str)>, ToolError> {
        let mut model = model.to_owned();
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            let fields = match self.fields(&model, &[name]).await {
                Err(ToolError::Invalid(_)) => return Ok(None),
                Err(error) if error.is_refusal() => return Ok(None),
                fields => fields?,
            };
            if names.peek().is_none() {
                return Ok(Some((fields, name)));
            }
            let Some(relation) = fields.get(name).and_then(|field| field.text("relation")) else {
                return Ok(None);
            };
            model = relation;
        }
        Ok(None)
    }
}

fn convert_operand(
    field: &FieldDefinition<'_>,
    operator: &str,
    operand: &Value,
    version: u64,
) -> Result<Value, ExpectedForm> {
    let convert_one = |value: &Value| convert_one(field, value, version);
    match (operator, operand) {
        // These operators compare `id` by name too.
        ("child_of" | "parent_of", Value::Array(values)) => convert_records(values),
        ("child_of" | "parent_of", _) => convert_record(operand),
        ("in" | "not in" | "=" | "!=" | "<>" | "==" | "=?", Value::Array(values)) if is_related(field) => {
            match (reference_id(operand), operator) {
                (Some(id), "in" | "not in") => Ok(Value::Array(vec![id.into()])),
                (Some(id), _) => Ok(id.into()),
                (None, _) => convert_records(values),
            }
        }
        ("in" | "not in", Value::Null | Value::Bool(_)) => Ok(operand.clone()),
        ("in" | "not in", Value::Array(values)) => values.iter().map(convert_one).collect(),
        ("in" | "not in", _) => Err(ExpectedForm("a list of values, such as [1, 2]".into())),
        ("=" | "!=" | "<>" | "==" | "=?", Value::Array(values)) => values.iter().map(convert_one).collect(),
        ("=" | "!=" | "<>" | "==" | "=?" | "<" | ">" | "<=" | ">=", _) => convert_one(operand),
        (_, Value::Number(number)) if operator.contains("like") => Ok(number.to_string().into()),
        (_, Value::Bool(true) | Value::Object(_) | Value::Array(_)) if operator.contains("like") => {
            Err(ExpectedForm("a text".into()))
        }
        // Odoo rejects unknown operators.
        _ => Ok(operand.clone()),
    }
}

fn convert_one(field: &FieldDefinition<'_>, value: &Value, version: u64) -> Result<Value, ExpectedForm> {
    if matches!(value, Value::Null | Value::Bool(false)) {
        return Ok(Value::Bool(false));
    }
    let kind = field.text("type").unwrap_or_default();
    match (kind.as_str(), value) {
        _ if is_related(field) => convert_record(value),
        ("integer" | "many2one_reference", _) => integer(value),
        // Texts in conditions are not stored, so their length is not limited.
        ("char" | "text" | "html" | "reference", Value::String(_)) => Ok(value.clone()),
        ("date" | "datetime", Value::String(text)) if version >= RELATIVE_SINCE && is_relative(text) => {
            Ok(value.clone())
        }
        // Odoo compares a date without a time with the whole day, so do not add a time.
        ("datetime", Value::String(text)) if text.trim().len() == DATE_LENGTH => {
            date(value).or_else(|_| datetime(value))
        }
        ("datetime", _) => datetime(value),
        ("binary" | "image", _) => Ok(value.clone()),
        _ => convert(field, value),
    }
}

fn is_related(field: &FieldDefinition<'_>) -> bool {
    matches!(field.text("type").as_deref(), Some("many2one" | "one2many" | "many2many"))
}

/// A record, by id or by name.
fn convert_record(value: &Value) -> Result<Value, ExpectedForm> {
    match (id(value).or_else(|| reference_id(value)), value) {
        (Some(id), _) => Ok(id.into()),
        (None, Value::String(_)) => Ok(value.clone()),
        (None, Value::Null | Value::Bool(false)) => Ok(Value::Bool(false)),
        _ => Err(ExpectedForm("the id of a record, its name, or false".into())),
    }
}

/// Records, all by id or all by name (names may consist of digits). Odoo does not accept a mixture.
fn convert_records(values: &[Value]) -> Result<Value, ExpectedForm> {
    if values.iter().all(Value::is_string) && !values.iter().all(|value| id(value).is_some()) {
        return Ok(values.into());
    }
    let converted: Vec<Value> = values.iter().map(convert_record).collect::<Result<_, _>>()?;
    match converted.iter().any(Value::is_string) {
        true => Err(ExpectedForm("ids of records or names of records, but not both in one list".into())),
        false => Ok(converted.into()),
    }
}

/// Is it a date or datetime relative to now?
fn is_relative(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("today") || text.starts_with("now") || text.starts_with(['=', '+', '-'])
}

#[cfg(test)]
mod tests {
    use model_metadata::FieldDefinitions;
    use serde_json::{Value, json};

    use super::convert_operand;

    fn converted(kind: &str, operator: &str, operand: Value, version: u64) -> Result<Value, String> {
        let selection = json!([["draft", "Quotation"], ["sale", "Sales Order"]]);
        let fields: FieldDefinitions =
            serde_json::from_value(json!({"x": {"type": kind, "selection": selection}})).unwrap();
        convert_operand(&fields.get("x").unwrap(), operator, &operand, version).map_err(|it| it.0)
    }

    #[test]
    fn operands_are_converted_to_the_type_of_the_field() {
        for (kind, operator, operand, expected) in [
            ("boolean", "=", json!("true"), json!(true)),
            ("boolean", "!=", json!("False"), json!(false)),
            ("integer", ">", json!("5"), json!(5)),
            ("integer", "in", json!([1.0, "2"]), json!([1, 2])),
            ("float", "<=", json!("1.5"), json!(1.5)),
            ("char", "=", json!(42), json!("42")),
            ("char", "ilike", json!(42), json!("42")),
            ("char", "in", json!(["a", 1, false]), json!(["a", "1", false])),
            ("char", "=", json!(null), json!(false)),
            ("datetime", ">=", json!("2026-01-31T10:00:00+02:00"), json!("2026-01-31 08:00:00")),
            ("datetime", "<=", json!("2026-01-31"), json!("2026-01-31")),
            ("datetime", "<=", json!("2026-01-31T00:00:00"), json!("2026-01-31 00:00:00")),
            ("datetime", "=", json!("2026-01-31 00:00:00"), json!("2026-01-31 00:00:00")),
            ("date", "=", json!("2026-01-31"), json!("2026-01-31")),
            ("selection", "in", json!(["draft", "sale"]), json!(["draft", "sale"])),
            ("many2one", "=", json!("7"), json!(7)),
            ("many2one", "=", json!([7, "Belgium"]), json!(7)),
            ("many2one", "in", json!([7.0, [8, "France"]]), json!([7, 8])),
            ("many2one", "in", json!(["7", "8"]), json!([7, 8])),
            ("many2one", "in", json!(["7", "Belgium"]), json!(["7", "Belgium"])),
            ("many2one", "in", json!([7, "Belgium"]), json!([7])),
            ("many2one", "not in", json!([false, 7]), json!([false, 7])),
            ("many2one", "ilike", json!("bel"), json!("bel")),
            ("many2one", "=", json!("Belgium"), json!("Belgium")),
            ("many2many", "=", json!(false), json!(false)),
            ("many2one", "child_of", json!([7]), json!([7])),
            ("many2one", "child_of", json!("Lab Holding"), json!("Lab Holding")),
            ("integer", "child_of", json!("Lab Holding"), json!("Lab Holding")),
            ("integer", "parent_of", json!([7.0, "8"]), json!([7, 8])),
            ("integer", "child_of", json!(null), json!(false)),
            ("many2one", "=", json!("1E2"), json!("1E2")),
            ("many2one", "=", json!([7, 8]), json!([7, 8])),
            ("many2one", "=?", json!(null), json!(false)),
            ("integer", "not in", json!([]), json!([])),
            ("char", "=", json!([7, "seven"]), json!(["7", "seven"])),
            ("binary", "!=", json!(false), json!(false)),
        ] {
            assert_eq!(
                converted(kind, operator, operand.clone(), 17),
                Ok(expected),
                "{kind} {operator} {operand}"
            );
        }
        assert_eq!(converted("date", ">=", json!("today -7d"), 19), Ok(json!("today -7d")));
    }

    #[test]
    fn ambiguous_operands_are_rejected() {
        for (kind, operator, operand, form) in [
            ("boolean", "=", json!("yes"), "true or false"),
            ("integer", "=", json!("five"), "a whole number"),
            ("float", ">", json!("1,5"), "a number"),
            ("datetime", ">", json!("31/01/2026"), "an existing datetime"),
            ("date", ">", json!("today"), "an existing date"),
            ("selection", "=", json!("Quotation"), "\"draft\""),
            ("selection", "in", json!(["draft", "done"]), "one of"),
            ("selection", "in", json!("draft"), "a list"),
            ("many2one", "=", json!(true), "the id of a record"),
            ("many2one", "in", json!([7, 8, "Belgium"]), "but not both"),
            ("many2many", "child_of", json!([7, true]), "the id of a record"),
            ("char", "ilike", json!(true), "a text"),
            ("char", "ilike", json!(["a"]), "a text"),
            ("integer", "=", json!([7, "seven"]), "a whole number"),
            ("integer", "in", json!(7), "a list"),
            ("integer", "in", json!("7"), "a list"),
            ("integer", "child_of", json!(true), "the id of a record"),
            ("integer", "=", json!("1.000"), "a whole number"),
            ("float", ">", json!("1,000.50"), "a number"),
            ("float", ">", json!("NaN"), "a number"),
            ("char", "=", json!(true), "a text"),
        ] {
            let expected = converted(kind, operator, operand.clone(), 17).unwrap_err();
            assert!(expected.contains(form), "{kind} {operator} {operand}: {expected}");
        }
    }
}
