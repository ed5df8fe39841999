//! Arguments that several tools take, and how forgiving they are.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// The largest id that Odoo's columns hold.
const LARGEST_ID: i64 = 0x7fff_ffff;

/// The name of every field at once.
pub(crate) const ALL: &str = "__all__";

/// The id of a record. Digits in a text are taken as well; `true` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordId(pub(crate) i64);

impl RecordId {
    fn of(value: &Value) -> Option<Self> {
        let id = value.as_i64().or_else(|| {
            let digits = value.as_str()?;
            digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())?
        })?;
        (1..=LARGEST_ID).contains(&id).then_some(RecordId(id))
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        RecordId::of(&value)
            .ok_or_else(|| D::Error::custom(format!("the id of a record is a number from 1 to {LARGEST_ID}")))
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
        json_schema!({"type": "integer", "minimum": 1, "maximum": LARGEST_ID})
    }
}

/// A list of names. One name alone is taken as a list of one, and so is a list that was written into a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    /// The names, if there are any.
    pub(crate) fn given(names: Option<&Names>) -> Option<Vec<&str>> {
        let names: Vec<&str> = names?.0.iter().map(String::as_str).collect();
        (!names.is_empty()).then_some(names)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = unwrapped(Value::deserialize(deserializer)?);
        let names = match value {
            Value::String(name) => Some(vec![name]),
            value => serde_json::from_value(value).ok(),
        };
        names.map(Names).ok_or_else(|| D::Error::custom("a list of names is expected"))
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

/// A domain: conditions, and the operators before them. A domain that was written into a text as JSON is taken as well.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Domain(pub(crate) Vec<Value>);

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match unwrapped(Value::deserialize(deserializer)?) {
            Value::Array(terms) => Ok(Domain(terms)),
            _ => Err(D::Error::custom("a domain is a list, such as [[\"is_company\", \"=\", true]]")),
        }
    }
}

impl JsonSchema for Domain {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Domain".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {},
            "description": "Odoo domain: conditions [field, operator, value], joined by \"&\" (the default), \"|\" \
                            or \"!\" before them. Example: [[\"is_company\", \"=\", true]]. The operators \"any\" \
                            and \"not any\" need Odoo 17 or later."
        })
    }
}

/// The list in a text, if it is one; else the value itself.
fn unwrapped(value: Value) -> Value {
    const LONGEST: usize = 1_000_000;
    match &value {
        Value::String(text) if text.len() <= LONGEST && text.trim_start().starts_with('[') => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Domain, Names, RecordId};

    #[test]
    fn ids_are_numbers_or_digits() {
        let id = |value: Value| serde_json::from_value::<RecordId>(value).ok().map(|it| it.0);
        assert_eq!(id(json!(7)), Some(7));
        assert_eq!(id(json!("7")), Some(7));
        for wrong in [json!(true), json!(0), json!(-1), json!("-1"), json!("+1"), json!(""), json!(1.5)] {
            assert_eq!(id(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(id(json!(2_147_483_648_i64)), None);
    }

    #[test]
    fn lists_may_come_in_a_text() {
        let names = |value: Value| serde_json::from_value::<Names>(value).ok().map(|it| it.0);
        assert_eq!(names(json!("name")), Some(vec!["name".to_owned()]));
        assert_eq!(names(json!("[\"name\", \"email\"]")), Some(vec!["name".to_owned(), "email".to_owned()]));
        assert_eq!(names(json!([1])), None);
        let domain = |value: Value| serde_json::from_value::<Domain>(value).ok().map(|it| it.0);
        assert_eq!(domain(json!("[[\"id\", \"=\", 1]]")), Some(vec![json!(["id", "=", 1])]));
        assert_eq!(domain(json!("name = 1")), None);
        assert_eq!(domain(json!({})), None);
        assert_eq!(domain(json!("[".repeat(100_000))), None);
    }
}
