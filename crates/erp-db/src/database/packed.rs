//! Rows that came in one text: an array in JSON each, one below the other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::Deserializer as Json;

use super::row::{Row, Values};
use super::statement::Visit;
use super::{Database, Select, StatementError};

/// So many rows are read in well under a millisecond.
const ROWS_AT_A_TIME: usize = 1_000;

impl Database {
    /// Hands each packed row of a statement to `visit`.
    ///
    /// # Errors
    /// [`StatementError::Refused`] if the text is not what the statement gives, or what `visit` says first.
    pub(crate) async fn unpack<E: From<StatementError> + Send>(
        &self,
        packed: &str,
        select: &Select,
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = super::statement::Visitor::new(visit);
        unpack(packed, select, self.place(), &mut visitor).await?;
        visitor.outcome()
    }
}

/// Shows `visitor` the rows.
pub(super) async fn unpack(
    packed: &str,
    select: &Select,
    place: &str,
    visitor: &mut dyn Visit,
) -> Result<(), StatementError> {
    let statement = select.one_by_one();
    let rows = Json::from_str(packed).into_iter::<Vec<Cell<'_>>>();
    for (number, cells) in (1_usize..).zip(rows) {
        let cells = cells
            .map_err(|error| StatementError::Refused { place: place.to_owned(), cause: error.into() })?;
        let values = Values::Packed { cells: &cells, columns: select.columns };
        if visitor.row(Row { values, place, statement: &statement }).is_break() {
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
    /// A number, or something else where a text has to be.
    NoText,
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
