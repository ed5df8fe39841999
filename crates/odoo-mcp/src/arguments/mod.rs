//! Arguments that several tools take, and the one reader of all tools' arguments.

mod literal;
mod reader;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

pub(crate) use reader::read;
use reader::{Problem, list, whole};

/// The largest id that Odoo's columns hold.
const LARGEST_ID: i64 = 0x7fff_ffff;

/// The name of every field at once.
pub(crate) const ALL: &str = "__all__";

/// The id of a record.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct RecordId(pub(crate) i64);

/// Ids of records. One alone is taken as a list of one, and so are several in a text, with commas.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Ids(pub(crate) Vec<i64>);

/// A list of names. One name alone is taken as a list of one, and so are several in a text, with commas.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// A domain: conditions, and the operators before them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Domain(pub(crate) Vec<Value>);

impl Names {
    /// The names, if there are any.
    pub(crate) fn given(names: Option<&Names>) -> Option<Vec<&str>> {
        let names: Vec<&str> = names?.0.iter().map(String::as_str).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// The value of an argument of one of these types, written as it should be. The reader knows them by their names.
fn canonical(kind: &str, value: Value) -> Result<Value, Problem> {
    match kind {
        "RecordId" => id(&value),
        "Ids" => {
            let items = several(value, "a list of ids")?;
            items.iter().enumerate().map(|(place, item)| id(item).map_err(|it| it.at(place))).collect()
        }
        "Names" => {
            let items = several(value, "a list of names")?;
            items.into_iter().enumerate().map(|(place, item)| name(item).map_err(|it| it.at(place))).collect()
        }
        "Domain" => list(value)?.into_iter().map(term).collect(),
        _ => Ok(value),
    }
}

fn id(value: &Value) -> Result<Value, Problem> {
    let id = whole(value).filter(|id| (1..=LARGEST_ID).contains(id)).map(Value::from);
    id.ok_or_else(|| Problem::wanted(&format!("the id of a record, from 1 to {LARGEST_ID}"), value))
}

fn name(value: Value) -> Result<Value, Problem> {
    if value.is_string() { Ok(value) } else { Err(Problem::wanted("a name", &value)) }
}

/// A condition of a domain may be written into a text, too.
fn term(value: Value) -> Result<Value, Problem> {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['[', '(']) => list(value).map(Value::Array),
        _ => Ok(value),
    }
}

/// The items of a list; one alone, and several in a text.
fn several(value: Value, wanted: &str) -> Result<Vec<Value>, Problem> {
    match value {
        Value::Number(_) => Ok(vec![value]),
        Value::String(text) if !text.trim_start().starts_with(['[', '(']) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(items.map(Value::from).collect())
        }
        Value::String(_) | Value::Array(_) => list(value),
        value => Err(Problem::wanted(wanted, &value)),
    }
}

impl JsonSchema for RecordId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RecordId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer"})
    }
}

impl JsonSchema for Ids {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ids".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": {"type": "integer"}})
    }
}

impl JsonSchema for Names {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": {"type": "string"}})
    }
}

impl JsonSchema for Domain {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Domain".into()
    }

    /// Every level says its type: some clients take no list whose items have none.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let plain = [("string"), ("number"), ("boolean")].map(|kind| serde_json::json!({"type": kind}));
        let values = serde_json::json!({"type": "array", "items": {"anyOf": plain}});
        let [text, number, truth] = plain;
        let operand = [text.clone(), number, truth, values];
        let condition = serde_json::json!({"type": "array", "items": {"anyOf": operand}});
        json_schema!({"type": "array", "items": {"anyOf": [text, condition]}})
    }
}
