//! Converts values to the type of a field, and rejects values whose meaning is ambiguous.
//!
//! Odoo accepts nearly any value for nearly any type: it takes the text `"false"` for true, and drops the
//! offset of a datetime. A value whose meaning would change is not sent.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use model_metadata::FieldDefinition;
use serde_json::Value;

use crate::arguments::whole;

/// Odoo's format of datetimes, in UTC.
const DATETIME: &str = "%Y-%m-%d %H:%M:%S";
const DAY: &str = "%Y-%m-%d";

/// The form that a rejected value should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedForm(pub(crate) String);

type Conversion = Result<Value, ExpectedForm>;

fn reject(expected: impl Into<String>) -> Conversion {
    Err(ExpectedForm(expected.into()))
}

/// Converts a value to the type of a field other than a list of records. Null becomes `false`, Odoo's empty
/// value.
pub(crate) fn convert(field: &FieldDefinition<'_>, value: &Value) -> Conversion {
    let kind = field.text("type").unwrap_or_default();
    if value.is_null() || (*value == Value::Bool(false) && kind != "boolean") {
        return Ok(Value::Bool(false));
    }
    match kind.as_str() {
        "boolean" => boolean(value),
        "integer" => stored_integer(value),
        "float" | "monetary" => number(value),
        "char" | "text" | "html" => text(field, value),
        "date" => date(value),
        "datetime" => datetime(value).or_else(|error| day(value).map(|day| at_midnight(&day)).ok_or(error)),
        "selection" => selection(field, value),
        "many2one" => reference(field, value),
        "many2one_reference" => {
            id(value).map_or_else(|| reject("the id of a record, or false"), |id| Ok(id.into()))
        }
        "reference" => generic_reference(value),
        "binary" | "image" => file(value),
        // A type that takes any JSON value, or an unknown type.
        _ => Ok(value.clone()),
    }
}

fn boolean(value: &Value) -> Conversion {
    match value {
        Value::Bool(_) => return Ok(value.clone()),
        Value::Number(_) if whole(value) == Some(1) => return Ok(true.into()),
        Value::Number(_) if whole(value) == Some(0) => return Ok(false.into()),
        Value::String(text) if text.eq_ignore_ascii_case("true") => return Ok(true.into()),
        Value::String(text) if text.eq_ignore_ascii_case("false") => return Ok(false.into()),
        _ => {}
    }
    reject("true or false")
}

pub(crate) fn integer(value: &Value) -> Conversion {
    whole(value).map_or_else(|| reject("a whole number, such as 42"), |number| Ok(number.into()))
}

/// An integer that fits into Odoo's database columns.
fn stored_integer(value: &Value) -> Conversion {
    match whole(value).map(i32::try_from) {
        Some(Err(_)) => reject(format!("a whole number from {} to {}", i32::MIN, i32::MAX)),
        _ => integer(value),
    }
}

pub(crate) fn number(value: &Value) -> Conversion {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) if is_decimal(text.trim()) => {
            serde_json::from_str(text.trim()).or_else(|_| reject("a number, such as 12.5"))
        }
        _ => reject("a number, such as 12.5"),
    }
}

/// Is the text an unambiguous number? A comma could separate thousands or decimals.
fn is_decimal(text: &str) -> bool {
    let bare = text.strip_prefix('-').unwrap_or(text);
    bare.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

fn text(field: &FieldDefinition<'_>, value: &Value) -> Conversion {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return reject("a text"),
    };
    let size = field.attribute("size").and_then(|size| size.parse::<usize>().ok()).filter(|size| *size > 0);
    match size {
        // Odoo would truncate the text.
        Some(size) if text.chars().count() > size => reject(format!("a text of at most {size} characters")),
        _ => Ok(text.into()),
    }
}

/// Parses a date. Also accepts a datetime at midnight without an offset, because it is the same day.
fn day(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?.trim();
    let day = text.get(..10)?;
    let rest = text.get(10..)?;
    if !matches!(rest, "" | " 00:00:00" | "T00:00:00") {
        return None;
    }
    is_padded(day).then(|| NaiveDate::parse_from_str(day, DAY).ok().filter(is_in_calendar))?
}

/// Odoo's calendar covers the years 1 to 9999.
fn is_in_calendar(day: &NaiveDate) -> bool {
    (1..=9999).contains(&day.year())
}

/// Does a date have four, two and two digits?
fn is_padded(day: &str) -> bool {
    day.len() == 10
        && day.bytes().enumerate().all(|(index, it)| match index {
            4 | 7 => it == b'-',
            _ => it.is_ascii_digit(),
        })
}

pub(crate) fn date(value: &Value) -> Conversion {
    match day(value) {
        Some(day) => Ok(day.format(DAY).to_string().into()),
        None => reject("an existing date such as 2026-01-31"),
    }
}

fn at_midnight(day: &NaiveDate) -> Value {
    format!("{} 00:00:00", day.format(DAY)).into()
}

/// Parses a datetime, in UTC unless it has an offset. Odoo stores whole seconds.
pub(crate) fn datetime(value: &Value) -> Conversion {
    const EXPECTED: &str = "an existing datetime, in UTC such as 2026-01-31 10:00:00 or with an offset such as \
                            2026-01-31T10:00:00+01:00";
    let parse = || {
        let text = value.as_str()?.trim();
        let (day, time) = (text.get(..10)?, text.get(11..)?);
        if !is_padded(day) || !matches!(text.as_bytes().get(10), Some(b' ' | b'T' | b't')) {
            return None;
        }
        let sign = time.find(['+', '-', 'Z', 'z']).unwrap_or(time.len());
        let (clock, offset) = (time.get(..sign)?.trim_end(), time.get(sign..)?);
        // Seconds are optional.
        let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
        let offset = match offset {
            "" => None,
            "Z" | "z" => Some("+00:00".to_owned()),
            offset if offset.len() == 3 => Some(format!("{offset}:00")),
            offset if offset.len() == 5 && !offset.contains(':') => {
                Some(format!("{}:{}", offset.get(..3)?, offset.get(3..)?))
            }
            offset => Some(offset.to_owned()),
        };
        let datetime = match offset {
            Some(offset) => DateTime::parse_from_rfc3339(&format!("{day}T{clock}{offset}")).ok()?.naive_utc(),
            None => NaiveDateTime::parse_from_str(&format!("{day} {clock}"), "%Y-%m-%d %H:%M:%S%.f").ok()?,
        };
        // Odoo does not support leap seconds.
        let is_supported = is_in_calendar(&datetime.date()) && datetime.nanosecond() < 1_000_000_000;
        is_supported.then(|| datetime.format(DATETIME).to_string())
    };
    parse().map_or_else(|| reject(EXPECTED), |datetime| Ok(datetime.into()))
}

/// The keys of a selection, with their labels.
fn options(field: &FieldDefinition<'_>) -> Vec<(Value, String)> {
    let pairs: Vec<(Value, Value)> =
        field.attribute("selection").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let label = |label: Value| label.as_str().map_or_else(|| label.to_string(), str::to_owned);
    pairs.into_iter().map(|(key, name)| (key, label(name))).collect()
}

pub(crate) fn selection(field: &FieldDefinition<'_>, value: &Value) -> Conversion {
    /// Maximum options that an error lists.
    const LISTED: usize = 20;
    let options = options(field);
    if options.is_empty() {
        return Ok(value.clone());
    }
    // Most keys are texts, even if they look like numbers. Some models have numbers as keys.
    let is_equal = |key: &Value| match (key, value) {
        (Value::String(key), Value::Number(_)) => {
            whole(value).is_some_and(|number| number.to_string() == *key)
        }
        (Value::Number(key), Value::String(text)) => key.to_string() == *text,
        (Value::Number(_), Value::Number(_)) => whole(key) == whole(value),
        _ => key == value,
    };
    if let Some((key, _)) = options.iter().find(|(key, _)| is_equal(key)) {
        return Ok(key.clone());
    }
    let text = value.as_str().unwrap_or_default();
    if let Some((key, _)) = options.iter().find(|(_, label)| label.eq_ignore_ascii_case(text)) {
        return reject(format!("the key {key} (not its label)"));
    }
    let mut listed: Vec<String> = options.iter().take(LISTED).map(|(key, _)| key.to_string()).collect();
    if let Some(more) = options.len().checked_sub(LISTED).filter(|more| *more > 0) {
        listed.push(format!("or one of {more} more, which get_fields lists"));
    }
    reject(format!("one of {}", listed.join(", ")))
}

/// The id of a record: a number, or a text of digits. Other numeric texts, such as `1E2`, may be names.
pub(crate) fn id(value: &Value) -> Option<i64> {
    let is_digits = |text: &str| text.trim().bytes().all(|it| it.is_ascii_digit());
    whole(value).filter(|id| *id > 0 && value.as_str().is_none_or(is_digits))
}

/// The id in a reference as reads return it: `[7, "Belgium"]`, or an object.
pub(crate) fn reference_id(value: &Value) -> Option<i64> {
    match value {
        Value::Array(pair) => match pair.as_slice() {
            [id @ Value::Number(_), Value::String(_)] => self::id(id),
            _ => None,
        },
        Value::Object(reference) if reference.contains_key("display_name") => {
            reference.get("id").and_then(id)
        }
        _ => None,
    }
}

fn reference(field: &FieldDefinition<'_>, value: &Value) -> Conversion {
    // If the user may not read the name, the pair has none.
    let nameless = || match value.as_array()?.as_slice() {
        [id @ Value::Number(_), Value::Null | Value::Bool(false)] => self::id(id),
        _ => None,
    };
    if let Some(id) = id(value).or_else(|| reference_id(value)).or_else(nameless) {
        return Ok(id.into());
    }
    let relation = field.text("relation").unwrap_or_else(|| "the model".into());
    reject(format!("the id of a record of `{relation}` (see search_records), or false"))
}

fn generic_reference(value: &Value) -> Conversion {
    let fits = value.as_str().and_then(|text| text.split_once(',')).is_some_and(|(model, id)| {
        !model.is_empty() && id.parse().is_ok_and(|id: u32| id > 0) && !model.contains(char::is_whitespace)
    });
    if fits { Ok(value.clone()) } else { reject("model and id such as `res.partner,7`, or false") }
}

/// Checks a file in base64, which may have line breaks. The URI that reads return in place of a file is
/// rejected.
///
/// Odoo would skip invalid characters and store a broken file.
fn file(value: &Value) -> Conversion {
    let is_base64 = |text: &str| {
        let digits = match text.contains(['\n', '\r']) {
            true => Cow::Owned(text.replace(['\n', '\r'], "")),
            false => Cow::Borrowed(text),
        };
        STANDARD.decode(digits.as_bytes()).is_ok_and(|file| !file.is_empty())
    };
    match value {
        Value::String(text) if is_base64(text) => Ok(value.clone()),
        _ => reject("a file in base64, or false (omit the field to keep its file)"),
    }
}

#[cfg(test)]
mod tests {
    use model_metadata::FieldDefinitions;
    use serde_json::json;

    use super::convert;

    fn field(kind: &str) -> FieldDefinitions {
        let mut definition = json!({"type": kind, "relation": "res.country"});
        if kind == "selection" {
            definition["selection"] = json!([["draft", "Quotation"], ["sale", "Sales Order"], ["1", "High"]]);
        }
        if kind == "char" {
            definition["size"] = json!(8);
        }
        if kind == "numbered" {
            definition = json!({"type": "selection", "selection": [[1, "One"], [2, "Two"]]});
        }
        serde_json::from_value(json!({"x": definition})).unwrap()
    }

    #[test]
    fn unambiguous_values_are_converted() {
        for (kind, value, expected) in [
            ("boolean", json!("True"), json!(true)),
            ("boolean", json!("false"), json!(false)),
            ("boolean", json!(0), json!(false)),
            ("boolean", json!(null), json!(false)),
            ("integer", json!(3.0), json!(3)),
            ("integer", json!("-42"), json!(-42)),
            ("integer", json!("3.0"), json!(3)),
            ("integer", json!(false), json!(false)),
            ("float", json!("12.50"), json!(12.5)),
            ("monetary", json!(7), json!(7)),
            ("char", json!(42), json!("42")),
            ("char", json!(null), json!(false)),
            ("date", json!("2026-01-31"), json!("2026-01-31")),
            ("date", json!("2026-01-31T00:00:00"), json!("2026-01-31")),
            ("datetime", json!("2026-01-31 10:00:00"), json!("2026-01-31 10:00:00")),
            ("datetime", json!("2026-01-31T10:00:00+00:00"), json!("2026-01-31 10:00:00")),
            ("datetime", json!("2026-01-31T10:00:00+02:00"), json!("2026-01-31 08:00:00")),
            ("datetime", json!("2026-01-01T00:30:00+0200"), json!("2025-12-31 22:30:00")),
            ("datetime", json!("2026-01-31T23:00:00.5-05:30"), json!("2026-02-01 04:30:00")),
            ("datetime", json!("2026-01-31T10:00Z"), json!("2026-01-31 10:00:00")),
            ("datetime", json!("2026-01-31"), json!("2026-01-31 00:00:00")),
            ("selection", json!("draft"), json!("draft")),
            ("selection", json!(1), json!("1")),
            ("selection", json!(1.0), json!("1")),
            ("numbered", json!(1), json!(1)),
            ("numbered", json!(1.0), json!(1)),
            ("numbered", json!("2"), json!(2)),
            ("numbered", json!(null), json!(false)),
            ("datetime", json!("2026-01-31T10:00:00.999Z"), json!("2026-01-31 10:00:00")),
            ("datetime", json!("2026-01-31 10:00:00 +02:00"), json!("2026-01-31 08:00:00")),
            ("many2one", json!(7.0), json!(7)),
            ("many2one", json!("7"), json!(7)),
            ("many2one", json!([7, "Belgium"]), json!(7)),
            ("many2one", json!({"id": 7, "display_name": "Belgium"}), json!(7)),
            ("many2one", json!([7, null]), json!(7)),
            ("many2one", json!([7, false]), json!(7)),
            ("many2one", json!(null), json!(false)),
            ("reference", json!("res.partner,7"), json!("res.partner,7")),
            ("binary", json!("aGVsbG8="), json!("aGVsbG8=")),
            ("binary", json!("aGVs\r\nbG8="), json!("aGVs\r\nbG8=")),
            ("float", json!("1.000"), json!(1.0)),
            ("json", json!({"a": [1]}), json!({"a": [1]})),
        ] {
            let fields = field(kind);
            assert_eq!(convert(&fields.get("x").unwrap(), &value), Ok(expected), "{kind} {value}");
        }
    }

    #[test]
    fn ambiguous_values_are_rejected() {
        for (kind, value, form) in [
            ("boolean", json!("no"), "true or false"),
            ("boolean", json!(2), "true or false"),
            ("boolean", json!([]), "true or false"),
            ("integer", json!(3.5), "a whole number"),
            ("integer", json!(2_147_483_648_i64), "from -2147483648 to 2147483647"),
            ("integer", json!(true), "a whole number"),
            ("integer", json!(""), "a whole number"),
            ("integer", json!("1.000"), "a whole number"),
            ("integer", json!("1,000"), "a whole number"),
            ("integer", json!("1 000"), "a whole number"),
            ("integer", json!("0x10"), "a whole number"),
            ("integer", json!(1e300), "a whole number"),
            ("float", json!("1.000.000"), "a number"),
            ("float", json!("-Infinity"), "a number"),
            ("monetary", json!("12.50 EUR"), "a number"),
            ("monetary", json!("1e400"), "a number"),
            ("float", json!("1,5"), "a number"),
            ("float", json!("NaN"), "a number"),
            ("float", json!(true), "a number"),
            ("char", json!(true), "a text"),
            ("char", json!(["a"]), "a text"),
            ("char", json!("123456789"), "at most 8 characters"),
            ("date", json!("2026-02-30"), "an existing date"),
            ("date", json!("31/01/2026"), "such as 2026-01-31"),
            ("date", json!("2026-01-31T23:30:00-05:00"), "an existing date"),
            ("date", json!(20260131), "an existing date"),
            ("datetime", json!("2026-01-31 25:00:00"), "in UTC"),
            ("datetime", json!("2026-01-31T10:00:00 Europe/Brussels"), "offset"),
            ("datetime", json!("tomorrow"), "in UTC"),
            ("datetime", json!("31.01.2026 10:00"), "in UTC"),
            ("datetime", json!(true), "in UTC"),
            ("datetime", json!("2026-12-31 23:59:60"), "in UTC"),
            ("datetime", json!("9999-12-31T23:00:00-05:00"), "in UTC"),
            ("datetime", json!("0000-01-01 00:00:00"), "in UTC"),
            ("date", json!("0000-01-01"), "an existing date"),
            ("date", json!("2026-01-31T00:00:00Z"), "an existing date"),
            ("date", json!("2026-1-31"), "an existing date"),
            ("selection", json!("Quotation"), "the key \"draft\""),
            ("selection", json!("nothing"), "one of \"draft\", \"sale\", \"1\""),
            ("selection", json!(true), "one of"),
            ("many2one", json!("Belgium"), "the id of a record of `res.country`"),
            ("many2one", json!(true), "the id"),
            ("many2one", json!(0), "the id"),
            ("many2one", json!("1E2"), "the id"),
            ("many2one", json!("7.0"), "the id"),
            ("many2one", json!(7.5), "the id"),
            ("many2one", json!([]), "the id"),
            ("numbered", json!(3), "one of 1, 2"),
            ("numbered", json!("One"), "the key 1"),
            ("many2one", json!([6, 0, [7]]), "the id"),
            ("reference", json!("res.partner"), "model and id"),
            ("binary", json!("odoo://res.partner/record/7/image_128"), "base64"),
            ("binary", json!("hello"), "base64"),
            ("binary", json!("aG=sbG8="), "base64"),
            ("binary", json!("===="), "base64"),
            ("binary", json!("aGV-bG8_"), "base64"),
            ("binary", json!("aGVsbG8"), "base64"),
            ("binary", json!(7), "base64"),
            ("binary", json!("data:image/png;base64,aGVsbG8="), "base64"),
        ] {
            let fields = field(kind);
            let expected = convert(&fields.get("x").unwrap(), &value).unwrap_err().0;
            assert!(expected.contains(form), "{kind} {value}: {expected}");
        }
    }
}
