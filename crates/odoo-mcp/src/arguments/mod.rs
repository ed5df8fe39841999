//! Arguments that several tools take, and the one reader of all tools' arguments.

mod literal;
mod problem;
mod reader;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::takes_domain;
use problem::ArgumentProblem;
use reader::{LIST, begins_as_list, list};

pub(crate) use reader::{members, read, unwrapped_list, whole};

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

/// Values of any kind.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Values(pub(crate) Vec<Value>);

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

/// The value of an argument of one of these types, written as it should be. The reader knows them by their
/// names.
fn canonical(kind: &str, value: Value) -> Result<Value, ArgumentProblem> {
    match kind {
        "RecordId" => id(&value),
        "Ids" => {
            let items = several(value, "a list of ids")?;
            items.iter().enumerate().map(|(place, item)| id(item).map_err(|it| it.at(place))).collect()
        }
        "Names" => {
            let items = several(value, "a list of names")?;
            let names = items.into_iter().enumerate().map(|(place, item)| match item {
                Value::String(names) => Ok(split(&names)),
                item => Err(ArgumentProblem::wanted("a name", &item).at(place)),
            });
            Ok(names.collect::<Result<Vec<_>, _>>()?.concat().into())
        }
        "Domain" => domain(value),
        _ => Ok(value),
    }
}

fn id(value: &Value) -> Result<Value, ArgumentProblem> {
    let id = whole(value).filter(|id| (1..=LARGEST_ID).contains(id)).map(Value::from);
    id.ok_or_else(|| ArgumentProblem::wanted(&format!("the id of a record, from 1 to {LARGEST_ID}"), value))
}

/// Names, or ids, with commas between them.
fn split(text: &str) -> Vec<Value> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
}

/// Is it one condition in the place of a list of conditions?
fn is_condition(terms: &[Value]) -> bool {
    match terms {
        [Value::String(field), Value::String(operator), _] => {
            !matches!(field.as_str(), "&" | "|" | "!") && !operator.starts_with(LIST)
        }
        _ => false,
    }
}

/// The terms of a domain. One condition alone is a domain of one.
fn domain(value: Value) -> Result<Value, ArgumentProblem> {
    let terms = list(value)?;
    let terms = if is_condition(&terms) { vec![terms.into()] } else { terms };
    terms.into_iter().enumerate().map(|(place, it)| term(it).map_err(|it| it.at(place))).collect()
}

/// A condition of a domain may be written into a text, and so may the list that it compares with.
fn term(value: Value) -> Result<Value, ArgumentProblem> {
    let mut term = if begins_as_list(&value) { list(value).map(Value::Array)? } else { value };
    if let Some([_, Value::String(operator), operand]) = term.as_array_mut().map(Vec::as_mut_slice)
        && (operand.is_array() || begins_as_list(operand))
    {
        match operator.trim().to_ascii_lowercase().as_str() {
            "in" | "not in" => *operand = list(operand.take())?.into(),
            operator if takes_domain(operator) => *operand = domain(operand.take())?,
            _ => {}
        }
    }
    Ok(term)
}

/// The items of a list; one alone, and several in a text.
fn several(value: Value, wanted: &str) -> Result<Vec<Value>, ArgumentProblem> {
    match value {
        Value::Number(_) => Ok(vec![value]),
        Value::String(text) if !text.trim_start().starts_with(LIST) => Ok(split(&text)),
        Value::String(_) | Value::Array(_) => list(value),
        value => Err(ArgumentProblem::wanted(wanted, &value)),
    }
}

/// The schemas of these types. Every level says its type: some clients take no list whose items
/// have none.
macro_rules! inline_schema {
    ($($kind:ident: $schema:expr;)*) => {
        $(impl JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })*
    };
}

inline_schema! {
    RecordId: json_schema!({"type": "integer"});
    Ids: json_schema!({"type": "array", "items": {"type": "integer"}});
    Names: json_schema!({"type": "array", "items": {"type": "string"}});
    Values: {
        let object = json!({"type": "object", "properties": {}});
        json_schema!({"type": "array", "items": any_of([object, lists(1)])})
    };
    Domain: json_schema!({"type": "array", "items": any_of([lists(3)]), "description": DOMAIN});
}

/// A domain in words.
const DOMAIN: &str = "Which records; all without it. A list of conditions [field, operator, value], joined by \"&\" (the \
    default), \"|\" or \"!\" before them. Operators: =, !=, <, <=, >, >=, in, not in, like, not like, ilike, not ilike, =like, \
    =ilike, =?, child_of, parent_of, and from Odoo 17 on any, not any. A field may be a path such as partner_id.country_id; \
    a datetime is \"2026-01-31 10:00:00\" in UTC. Examples: [[\"is_company\", \"=\", true], [\"country_id.code\", \"in\", \
    [\"BE\", \"FR\"]]] and [\"|\", [\"email\", \"ilike\", \"@example.com\"], [\"phone\", \"=\", false]].";

/// Lists of plain values, nested so deep. Those of a domain are its conditions, of which one may have a
/// domain as its value.
fn lists(depth: usize) -> Value {
    let within = (depth > 0).then(|| lists(depth - 1));
    json!({"type": "array", "items": any_of(within)})
}

fn any_of(others: impl IntoIterator<Item = Value>) -> Value {
    let plain = ["string", "number", "boolean"].map(|kind| json!({"type": kind}));
    json!({"anyOf": plain.into_iter().chain(others).collect::<Vec<_>>()})
}
