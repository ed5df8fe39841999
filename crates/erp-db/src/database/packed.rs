//! Rows that SQLite gave in one: an array in JSON each, one below the other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::Deserializer as Json;

use super::row::{Row, Values};
use super::statement::{Scope, Visit};
use super::{Select, StatementError};

/// So many rows are read in well under a millisecond.
const ROWS_AT_A_TIME: usize = 1_000;

/// Shows `visitor` the rows.
pub(super) async fn unpack(
    packed: &str,
    select: &Select,
    scope: Scope<'_>,
    visitor: &mut dyn Visit,
) -> Result<(), StatementError> {
    let statement = select.one_by_one();
    let rows = Json::from_str(packed).into_iter::<Vec<Cell<'_>>>();
    for (number, cells) in (1_usize..).zip(rows) {
        let cells = cells.map_err(|error| scope.error(sqlx::Error::Decode(error.into())))?;
        let values = Values::Packed { cells: &cells, columns: select.columns };
        if visitor.row(Row { values, place: scope.place, statement: &statement }).is_break() {
            break;
        }
        if number.is_multiple_of(ROWS_AT_A_TIME) {
            // Other tasks need this thread as well.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// A value of a row.
pub(super) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    /// A number, where a text has to be.
    Number,
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfCell)
    }
}

struct OfCell;

impl<'de> Visitor<'de> for OfCell {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a column")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell::Null)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Cell::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Cell::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Cell::Number)
    }
}
