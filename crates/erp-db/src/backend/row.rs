//! `Row`: one row of an answer, from either database.

use std::error::Error;

use super::StatementError;

/// The columns of a row, from a driver or from a packed text.
pub(crate) trait Columns {
    fn text(&self, column: usize) -> sqlx::Result<Option<&str>>;

    fn bytes(&self, column: usize) -> sqlx::Result<Option<Vec<u8>>>;

    fn number(&self, column: usize) -> sqlx::Result<Option<f64>>;

    fn integer(&self, column: usize) -> sqlx::Result<Option<i64>>;

    /// The column's name, without its table's.
    fn name(&self, column: usize) -> Option<String>;
}

/// Implements [`Columns`] for the rows of a driver.
macro_rules! driver_row {
    ($row:ty) => {
        impl $crate::backend::Columns for $row {
            fn text(&self, column: usize) -> sqlx::Result<Option<&str>> {
                sqlx::Row::try_get(self, column)
            }

            fn bytes(&self, column: usize) -> sqlx::Result<Option<Vec<u8>>> {
                sqlx::Row::try_get(self, column)
            }

            fn number(&self, column: usize) -> sqlx::Result<Option<f64>> {
                sqlx::Row::try_get(self, column)
            }

            fn integer(&self, column: usize) -> sqlx::Result<Option<i64>> {
                sqlx::Row::try_get(self, column)
            }

            fn name(&self, column: usize) -> Option<String> {
                sqlx::Row::columns(self).get(column).map(|column| sqlx::Column::name(column).to_owned())
            }
        }
    };
}
pub(super) use driver_row;

/// One row of an answer. Columns are read by position; texts borrow from the row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(super) values: &'a dyn Columns,
    pub(super) place: &'a str,
    /// The statement, from which errors take the table name.
    pub(super) statement: &'a str,
}

impl<'a> Row<'a> {
    /// A text, or `None` for null.
    pub(crate) fn text(self, column: usize) -> Result<Option<&'a str>, StatementError> {
        self.values.text(column).map_err(|error| self.unreadable(column, error))
    }

    /// A text; null is read as empty.
    pub(crate) fn text_or_empty(self, column: usize) -> Result<&'a str, StatementError> {
        Ok(self.text(column)?.unwrap_or_default())
    }

    /// A `Y`/`N` column: only `Y` is yes, null and anything else is no.
    pub(crate) fn flag(self, column: usize) -> Result<bool, StatementError> {
        Ok(self.text(column)? == Some("Y"))
    }

    /// A `Y`/`N` column that denies something, such as a lock. The ERP also reads `y` as yes.
    pub(crate) fn denying_flag(self, column: usize) -> Result<bool, StatementError> {
        Ok(self.text(column)?.is_some_and(|text| text.eq_ignore_ascii_case("Y")))
    }

    /// A text that must be an id, or another format that `read` checks.
    pub(crate) fn id<T, E: Error + Send + Sync + 'static>(
        self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StatementError> {
        read(self.text_or_empty(column)?).map_err(|cause| self.invalid(column, cause))
    }

    /// As [`id`](Self::id); `None` for null.
    pub(crate) fn optional_id<T, E: Error + Send + Sync + 'static>(
        self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StatementError> {
        self.text(column)?.map(|_| self.id(column, read)).transpose()
    }

    /// Bytes, or `None` for null.
    pub(crate) fn bytes(self, column: usize) -> Result<Option<Vec<u8>>, StatementError> {
        self.values.bytes(column).map_err(|error| self.unreadable(column, error))
    }

    /// A number, which the statement must cast to double precision.
    pub(crate) fn number(self, column: usize) -> Result<Option<f64>, StatementError> {
        self.values.number(column).map_err(|error| self.unreadable(column, error))
    }

    /// A number, which the statement must cast to a big integer.
    pub(crate) fn integer(self, column: usize) -> Result<Option<i64>, StatementError> {
        self.values.integer(column).map_err(|error| self.unreadable(column, error))
    }

    /// The error for a value of the right type with invalid content.
    pub(crate) fn invalid(
        self,
        column: usize,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> StatementError {
        self.unreadable(column, sqlx::Error::ColumnDecode { index: String::new(), source: cause.into() })
    }

    fn unreadable(self, column: usize, error: sqlx::Error) -> StatementError {
        let cause = match error {
            sqlx::Error::ColumnDecode { source, .. } => source,
            other => other.into(),
        };
        StatementError::Value {
            place: self.place.to_owned(),
            table: table(self.statement, column).map(str::to_owned),
            column: self.values.name(column).unwrap_or_else(|| column.to_string()),
            cause,
        }
    }
}

/// The table of a column, if the statement's text shows it: `SELECT o.name FROM ad_org o`, or
/// `name FROM ad_org`.
fn table(statement: &str, column: usize) -> Option<&str> {
    let (list, from) = statement.strip_prefix("SELECT ")?.split_once(" FROM ")?;
    let mut depth = 0_usize;
    let mut items = list.split(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    let item = items.nth(column)?.trim().trim_start_matches("CAST(");
    let words: Vec<&str> = from.split_ascii_whitespace().collect();
    // A bracket next to the word belongs to a subquery, whose columns have other tables.
    let is_table = |word: &&str| {
        word.starts_with("ad_") && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match item.split_once('.') {
        None => words.first().copied().filter(is_table),
        Some((alias, _)) => words.windows(2).find_map(|pair| match pair {
            [table, name] if *name == alias && is_table(table) => Some(*table),
            _ => None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_the_text_of_a_statement() {
        let joined =
            "SELECT o.a, max(y.b, o.c), CAST(y.d AS text) FROM ad_org o LEFT JOIN ad_orgtype y ON y.e = o.e";
        assert_eq!(table(joined, 0), Some("ad_org"));
        assert_eq!(table(joined, 2), Some("ad_orgtype"));
        assert_eq!(table(joined, 3), None);
        assert_eq!(table("SELECT a, b FROM ad_user WHERE a = $1", 1), Some("ad_user"));
        assert_eq!(table("SELECT r.a FROM (SELECT a FROM ad_role) r", 0), None);
        assert_eq!(table("", 0), None);
    }
}
