//! The types of arguments that several tools share, and the reader for the arguments of all tools.

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

/// The largest id that fits into Odoo's database columns.
const MAX_ID: i64 = 0x7fff_ffff;

/// The name that stands for all fields.
pub(crate) const ALL: &str = "__all__";

/// The id of a record.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct RecordId(pub(crate) i64);

/// A list of ids. Also accepts a single id, and ids in a text, separated by commas.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Ids(pub(crate) Vec<i64>);

/// A list of names. Also accepts a text with one name, or with several names separated by commas.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// A list of values of any type.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Values(pub(crate) Vec<Value>);

/// A domain: a list of conditions and operators in prefix notation.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Domain(pub(crate) Vec<Value>);

impl Names {
    /// The names, if there are any.
    pub(crate) fn given(names: Option<&Names>) -> Option<Vec<&str>> {
        let names: Vec<&str> = names?.0.iter().map(String::as_str).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// Converts the value of an argument to the form that its type deserializes from. The reader passes the name
/// of the type.
fn canonical(kind: &str, value: Value) -> Result<Value, ArgumentProblem> {
    match kind {
        "RecordId" => id(&value),
        "Ids" => {
            let items = list_or_items(value, "a list of ids")?;
            items.iter().enumerate().map(|(index, item)| id(item).map_err(|it| it.at(index))).collect()
        }
        "Names" => {
            let items = list_or_items(value, "a list of names")?;
            let names = items.into_iter().enumerate().map(|(index, item)| match item {
                Value::String(names) => Ok(split(&names)),
                item => Err(ArgumentProblem::expected("a name", &item).at(index)),
            });
            Ok(names.collect::<Result<Vec<_>, _>>()?.concat().into())
        }
        "Domain" => domain(value),
        _ => Ok(value),
    }
}

fn id(value: &Value) -> Result<Value, ArgumentProblem> {
    let id = whole(value).filter(|id| (1..=MAX_ID).contains(id)).map(Value::from);
    id.ok_or_else(|| ArgumentProblem::expected(&format!("the id of a record, from 1 to {MAX_ID}"), value))
}

/// Splits names or ids at commas.
fn split(text: &str) -> Vec<Value> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
}

/// Is it a single condition instead of a list of conditions?
fn is_condition(terms: &[Value]) -> bool {
    match terms {
        [Value::String(field), Value::String(operator), _] => {
            !matches!(field.as_str(), "&" | "|" | "!") && !operator.starts_with(LIST)
        }
        _ => false,
    }
}

/// The terms of a domain. Also accepts a single condition.
fn domain(value: Value) -> Result<Value, ArgumentProblem> {
    let terms = list(value)?;
    let terms = if is_condition(&terms) { vec![terms.into()] } else { terms };
    terms.into_iter().enumerate().map(|(index, it)| term(it).map_err(|it| it.at(index))).collect()
}

/// A term of a domain. Also accepts a text with the condition, or with the list that it compares with.
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

/// The items of a list. Also accepts a single item, and items in a text, separated by commas.
fn list_or_items(value: Value, expected: &str) -> Result<Vec<Value>, ArgumentProblem> {
    match value {
        Value::Number(_) => Ok(vec![value]),
        Value::String(text) if !text.trim_start().starts_with(LIST) => Ok(split(&text)),
        Value::String(_) | Value::Array(_) => list(value),
        value => Err(ArgumentProblem::expected(expected, &value)),
    }
}

/// Schemas of these types. Each level has a type, because some clients reject lists with untyped items.
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

/// The description of a domain.
const DOMAIN: &str = "The records to find; all by default. A list of conditions [field, operator, value], combined by the prefix operators \
    \"&\" (the default), \"|\" and \"!\". Operators: =, !=, <, <=, >, >=, in, not in, like, not like, ilike, not ilike, =like, \
    =ilike, =?, child_of, parent_of, and from Odoo 17 on any, not any. A field may be a path such as partner_id.country_id; \
    a datetime is \"2026-01-31 10:00:00\" in UTC. Examples: [[\"is_company\", \"=\", true], [\"country_id.code\", \"in\", \
    [\"BE\", \"FR\"]]] and [\"|\", [\"email\", \"ilike\", \"@example.com\"], [\"phone\", \"=\", false]].";

/// The schema of a list of plain values and of lists, nested to this depth. A domain is such a list of
/// conditions, and a condition may contain a domain as its value.
fn lists(depth: usize) -> Value {
    let nested = (depth > 0).then(|| lists(depth - 1));
    json!({"type": "array", "items": any_of(nested)})
}

fn any_of(others: impl IntoIterator<Item = Value>) -> Value {
    let plain = ["string", "number", "boolean"].map(|kind| json!({"type": kind}));
    json!({"anyOf": plain.into_iter().chain(others).collect::<Vec<_>>()})
}
