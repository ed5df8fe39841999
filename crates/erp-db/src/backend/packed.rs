//! Packed rows: all rows in one text, one JSON array per line.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde_json::Deserializer as Json;

use super::statement::until_error;
use super::{Columns, Database, Row, Select, StatementError};

/// The number of rows that are parsed in well under a millisecond.
const ROWS_AT_A_TIME: usize = 1_000;

impl Database {
    /// Passes each packed row of a statement to `visit`.
    ///
    /// # Errors
    /// [`StatementError::Refused`] if the text is not packed rows, or the first error of `visit`.
    pub(crate) async fn unpack<E: From<StatementError> + Send>(
        &self,
        packed: &str,
        select: &Select,
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut error = None;
        let mut visitor = until_error(&mut error, visit);
        let (place, statement) = (self.place(), select.one_by_one());
        let rows = Json::from_str(packed).into_iter::<Vec<Cell<'_>>>();
        for (number, cells) in (1_usize..).zip(rows) {
            let refused = |error: serde_json::Error| StatementError::Refused {
                place: place.to_owned(),
                cause: error.into(),
            };
            let row = PackedRow { cells: cells.map_err(refused)?, columns: select.columns };
            if visitor(Row { values: &row, place, statement: &statement }).is_break() {
                break;
            }
            if number.is_multiple_of(ROWS_AT_A_TIME) {
                // Let other tasks run on this thread.
                tokio::task::yield_now().await;
            }
        }
        drop(visitor);
        error.map_or(Ok(()), Err)
    }
}

/// A row of texts.
struct PackedRow<'a> {
    cells: Vec<Cell<'a>>,
    columns: &'a [&'a str],
}

impl Columns for PackedRow<'_> {
    fn text(&self, column: usize) -> sqlx::Result<Option<&str>> {
        match self.cells.get(column) {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::NoText) | None => Err(no_text()),
        }
    }

    fn bytes(&self, _: usize) -> sqlx::Result<Option<Vec<u8>>> {
        Err(no_text())
    }

    fn number(&self, _: usize) -> sqlx::Result<Option<f64>> {
        Err(no_text())
    }

    fn integer(&self, _: usize) -> sqlx::Result<Option<i64>> {
        Err(no_text())
    }

    fn name(&self, column: usize) -> Option<String> {
        let column = self.columns.get(column)?;
        Some(column.rsplit_once('.').map_or(*column, |(_, name)| name).to_owned())
    }
}

fn no_text() -> sqlx::Error {
    sqlx::Error::Decode("neither a text nor null".into())
}

/// A value of a row.
enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    /// A number or another JSON value where a text is expected.
    NoText,
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> serde::de::Visitor<'de> for CellVisitor {
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

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Cell::NoText)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Cell::NoText)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Cell::NoText)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Cell::NoText)
    }
}
