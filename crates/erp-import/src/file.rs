//! Parses a file into rows whose values fit their columns.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use erp_db::tables::{Column, Kind, Table};
use platform::text::{NAME_BYTES, shorten};

use crate::error::{ImportError, RowPlace, ValueProblem};
use crate::timestamp::is_timestamp;

/// A row's values, in the order of its table's columns. Numbers are stored as text.
pub(super) type Values = Vec<Option<String>>;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) values: Vec<Values>,
    /// Which of the table's columns the rows name, null or not.
    pub(super) named: Vec<bool>,
    /// Names that are not columns of the table definition, cut after 64 bytes: an export has all columns of
    /// the ERP's table.
    pub(super) ignored: BTreeSet<String>,
}

/// The most names of ignored columns that are recorded per file. No table has as many columns.
const MAX_IGNORED: usize = 1_000;

/// Reads the rows of a file.
pub(super) fn rows(table: &'static Table, file: &str, content: &[u8]) -> Result<Rows, ImportError> {
    let named = vec![false; table.columns.len()];
    let rows = Rows { values: Vec::new(), named, ignored: BTreeSet::new() };
    // psql prints only a line end for the aggregate of no rows. A file of zero bytes may be a failed export.
    if !content.is_empty() && content.trim_ascii().is_empty() {
        return Ok(rows);
    }
    let mut reading = Reading { table, file, rows, row: None, error: None };
    let mut json = serde_json::Deserializer::from_slice(content);
    let outcome = json.deserialize_any(&mut reading).and_then(|()| json.end());
    match (reading.error, outcome) {
        (Some(error), _) => Err(error),
        (None, Err(cause)) => Err(ImportError::Json { file: file.to_owned(), row: reading.row, cause }),
        (None, Ok(())) => Ok(reading.rows),
    }
}

struct Reading<'a> {
    table: &'static Table,
    file: &'a str,
    rows: Rows,
    /// The current row, from 1.
    row: Option<u64>,
    /// The fault of a row that is valid JSON. The parser's own error type cannot carry it.
    error: Option<ImportError>,
}

impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    // The default message would repeat the text, however long it is.
    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("expected an array of rows, not a text"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let mut number = 0;
        loop {
            number += 1;
            self.row = Some(number);
            if array.next_element_seed(OneRow(self))?.is_none() {
                // An error after the last row belongs to no row.
                self.row = None;
                return Ok(());
            }
        }
    }
}

struct OneRow<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for OneRow<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, row: D) -> Result<(), D::Error> {
        row.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneRow<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row, which is an object")
    }

    // The default message would repeat the text, however long it is.
    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("expected a row, which is an object, not a text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reading = self.0;
        let place = RowPlace { file: reading.file.to_owned(), row: reading.row.unwrap_or_default() };
        let mut row = Row::new(reading.table, place);
        while let Some(name) = map.next_key::<String>()? {
            let Some(position) = reading.table.columns.iter().position(|column| column.name == name) else {
                map.next_value::<IgnoredAny>()?;
                if reading.rows.ignored.len() < MAX_IGNORED {
                    reading.rows.ignored.insert(shorten(&name, NAME_BYTES).into_owned());
                }
                continue;
            };
            let value = map.next_value::<Json>()?;
            if let Err(error) = row.take(position, value) {
                reading.error = Some(error);
                return Err(A::Error::custom("the row is not usable"));
            }
        }
        match row.finish() {
            Ok((values, named)) => {
                let all = reading.rows.named.iter_mut().zip(named);
                all.for_each(|(all, named)| *all |= named);
                reading.rows.values.push(values);
                Ok(())
            }
            Err(error) => {
                reading.error = Some(error);
                Err(A::Error::custom("the row is not usable"))
            }
        }
    }
}

/// A row under construction.
struct Row {
    table: &'static Table,
    place: RowPlace,
    values: Values,
    /// Which columns the row names, null or not.
    named: Vec<bool>,
}

impl Row {
    fn new(table: &'static Table, place: RowPlace) -> Self {
        let columns = table.columns.len();
        Row { table, place, values: vec![None; columns], named: vec![false; columns] }
    }

    fn take(&mut self, position: usize, value: Json) -> Result<(), ImportError> {
        let places = self.values.get_mut(position).zip(self.named.get_mut(position));
        let Some((column, (slot, named))) = self.table.columns.get(position).zip(places) else {
            return Ok(());
        };
        let problem =
            |problem| ImportError::Value { place: self.place.clone(), column: column.name, problem };
        if std::mem::replace(named, true) {
            return Err(problem(ValueProblem::Repeated));
        }
        *slot = checked(column, value).map_err(problem)?;
        Ok(())
    }

    fn finish(self) -> Result<(Values, Vec<bool>), ImportError> {
        let mut columns = self.table.columns.iter().zip(&self.values);
        match columns.find(|(column, value)| column.required && value.is_none()) {
            Some((column, _)) => Err(ImportError::Value {
                place: self.place,
                column: column.name,
                problem: ValueProblem::Missing,
            }),
            None => Ok((self.values, self.named)),
        }
    }
}

/// Converts a JSON value to the stored text of its column.
fn checked(column: &Column, value: Json) -> Result<Option<String>, ValueProblem> {
    if matches!(value, Json::Null) {
        return Ok(None);
    }
    match column.kind {
        Kind::Number => match value {
            Json::Number(number) => Ok(Some(number)),
            other => Err(ValueProblem::NotNumber { found: other.kind() }),
        },
        Kind::Flag => match value {
            Json::Text(flag) if flag == "Y" || flag == "N" => Ok(Some(flag)),
            Json::Text(other) => {
                Err(ValueProblem::NotFlag { found: format!("`{}`", shorten(&other, NAME_BYTES)) })
            }
            other => Err(ValueProblem::NotFlag { found: other.kind().to_owned() }),
        },
        _ => {
            let text = match value {
                Json::Text(text) => text,
                other => return Err(ValueProblem::NotText { found: other.kind() }),
            };
            if text.contains('\0') {
                return Err(ValueProblem::Nul);
            }
            match column.kind {
                // Some installations export an empty text if there is no parent.
                Kind::Id if text.is_empty() && column.name == "parent_id" => Ok(None),
                Kind::Id if text.is_empty() => Err(ValueProblem::Empty),
                Kind::Id if text.len() > org_structure::MAX_ID_BYTES => {
                    Err(ValueProblem::IdTooLong { bytes: text.len() })
                }
                Kind::Timestamp if !is_timestamp(&text) => {
                    Err(ValueProblem::NotTimestamp { found: format!("`{}`", shorten(&text, NAME_BYTES)) })
                }
                Kind::Text(limit) if text.chars().nth(limit).is_some() => {
                    Err(ValueProblem::TooLong { characters: text.chars().count(), limit })
                }
                _ => Ok(Some(text)),
            }
        }
    }
}

/// A JSON value, reduced to the kinds that a column may hold.
enum Json {
    Null,
    Text(String),
    Number(String),
    Boolean,
    Array,
    Object,
}

impl Json {
    fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Text(_) => "a text",
            Json::Number(_) => "a number",
            Json::Boolean => "true or false",
            Json::Array => "an array",
            Json::Object => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Boolean)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    // The parser limits the depth of arrays and objects, so recursion is safe.
    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Json, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Object)
    }
}
