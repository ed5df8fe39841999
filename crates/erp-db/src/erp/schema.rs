//! `Schema`: which of the ERP's tables and columns a database has.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::{ReadError, tables};
use crate::backend::{Database, Dialect, Row, StatementError};

/// Which of the ERP's tables and columns a database has.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: BTreeMap<String, BTreeSet<String>>,
    /// The columns that must be read as texts.
    cast: BTreeMap<String, BTreeSet<String>>,
    /// The columns that this user may not read, such as that of password hashes.
    barred: BTreeMap<String, BTreeSet<String>>,
}

impl Schema {
    /// Queries the database's catalog, with one statement.
    pub(crate) async fn probe(database: &Database) -> Result<Self, StatementError> {
        let mut schema = Schema::default();
        database.each(Self::statement(database.dialect()), &[], |row| schema.add(row)).await?;
        Ok(schema)
    }

    /// The statement that queries the catalog.
    pub(crate) fn statement(dialect: &Dialect) -> AssertSqlSafe<String> {
        AssertSqlSafe(dialect.catalog.replace("{tables}", &tables::names()))
    }

    /// Adds a row of the catalog.
    pub(crate) fn add(&mut self, row: Row<'_>) -> Result<(), StatementError> {
        let (table, column) = (row.text_or_empty(0)?.to_owned(), row.text_or_empty(1)?.to_owned());
        if row.flag(2)? {
            self.cast.entry(table.clone()).or_default().insert(column.clone());
        }
        if !row.flag(3)? {
            self.barred.entry(table.clone()).or_default().insert(column.clone());
        }
        self.tables.entry(table).or_default().insert(column);
        Ok(())
    }

    /// The prefix of a statement that reads each table with unusual columns through a query of the same name,
    /// which converts them to texts: `char(n)` without trailing blanks, numbers with their digits, and all
    /// compared byte for byte. Empty if no column is unusual.
    pub(crate) fn reading_as_texts(&self, dialect: &Dialect) -> String {
        let mut queries = Vec::new();
        for (table, cast) in &self.cast {
            let read = |column: &String| {
                let quoted = quote(column);
                if cast.contains(column) {
                    format!("{} AS {quoted}", (dialect.as_text)(&quoted))
                } else {
                    quoted
                }
            };
            // A query that names a column which the user may not read would be refused, even if the statement
            // does not select it.
            let may_read =
                |column: &&String| !self.barred.get(table).is_some_and(|barred| barred.contains(*column));
            let columns = self.tables.get(table).into_iter().flatten().filter(may_read);
            let columns: Vec<String> = columns.map(read).collect();
            let (schema, columns) = (dialect.schema, columns.join(", "));
            queries.push(format!("{table} AS NOT MATERIALIZED (SELECT {columns} FROM {schema}{table})"));
        }
        if queries.is_empty() { String::new() } else { format!("WITH {} ", queries.join(", ")) }
    }

    /// An expression for the value of a column as a text that compares byte for byte, if the column must be
    /// read as text.
    #[cfg(feature = "session")]
    pub(crate) fn as_text(&self, dialect: &Dialect, table: &str, column: &str, value: &str) -> String {
        let is_unusual = self.cast.get(table).is_some_and(|cast| cast.contains(column));
        if is_unusual { (dialect.as_text)(value) } else { value.to_owned() }
    }

    /// Does the database have a table?
    #[must_use]
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Does the database have a column?
    #[must_use]
    pub fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Checks that the database has all tables and columns that a statement reads.
    pub(super) fn require_for(&self, database: &Database, statement: &str) -> Result<(), ReadError> {
        let mut columns = tables::columns_of(statement).into_iter();
        columns.try_for_each(|(table, column)| self.require(database, table, column))
    }

    /// Checks that a table has a column.
    pub(super) fn require(
        &self,
        database: &Database,
        table: &'static str,
        column: &'static str,
    ) -> Result<(), ReadError> {
        let place = || database.place().to_owned();
        match self.tables.get(table) {
            None => Err(ReadError::MissingTable { place: place(), table }),
            Some(present) if present.contains(column) => Ok(()),
            Some(_) => Err(ReadError::MissingColumn { place: place(), table, column }),
        }
    }
}

/// The setting that makes PostgreSQL send the bytes of a database without an encoding unchanged. If they are
/// not valid text, the driver refuses them and the column can be named. The server would refuse the whole
/// statement without naming a column.
pub(crate) async fn raw_bytes_setting(database: &Database) -> Result<&'static str, StatementError> {
    let Some(encoding) = database.dialect().encoding else { return Ok("") };
    let has_none =
        database.first(encoding, &[], |row| Ok::<_, StatementError>(row.text(0)? == Some("SQL_ASCII")));
    Ok(if has_none.await?.unwrap_or_default() { "SET LOCAL client_encoding = 'SQL_ASCII';" } else { "" })
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
