//! Writing rows, in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::error::{ImportError, RowPlace};
use super::file::{Rows, Values};
use super::references::References;
use super::source::Source;
use crate::backend::{Database, StatementError, Transaction, Value};
use crate::blocking;
use crate::erp::Schema;
use crate::erp::tables::{Kind, TABLES, Table};

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The number of files.
    pub files: usize,
    /// The number of rows by table, for the tables that there were files of.
    pub rows: BTreeMap<&'static str, usize>,
    /// The columns of the files that were ignored, by table: nothing here asks for them.
    pub ignored: BTreeMap<&'static str, BTreeSet<String>>,
}

/// Imports rows from wherever they come.
pub(crate) async fn import_sources(
    database: &Database,
    sources: Vec<Source>,
) -> Result<Imported, ImportError> {
    let mut transaction = database.begin().await?;
    let (mut schema, created) = create_tables(database, &mut transaction).await?;
    let mut imported = Imported::default();
    let mut references = References::default();
    for source in sources {
        let (table, file) = (source.table, source.name());
        // Files are read on a thread that may block.
        let mut rows = blocking::run(move || source.rows())
            .await
            .ok_or_else(|| ImportError::ShuttingDown { file: file.clone() })??;
        imported.files += 1;
        *imported.rows.entry(table.name).or_default() += rows.values.len();
        if !rows.ignored.is_empty() {
            imported.ignored.entry(table.name).or_default().append(&mut rows.ignored);
        }
        if created.contains(&table.name)
            && add_late_columns(&mut transaction, database, &schema, table, &rows).await?
        {
            schema = Schema::probe_in(&mut transaction, database).await?;
        }
        let statement = |named: &[bool]| statement(table, named, database.dialect().timestamp);
        insert(&mut transaction, &schema, table, &file, &rows.values, &mut references, statement).await?;
    }
    references.check(&mut transaction).await?;
    transaction.commit().await?;
    Ok(imported)
}

/// Creates the tables that are missing, and only those: where one is found by way of the search path, another
/// one of the same name would hide it. Gives what is there then, and which tables are new.
async fn create_tables(
    database: &Database,
    transaction: &mut Transaction<'_>,
) -> Result<(Schema, Vec<&'static str>), StatementError> {
    let schema = Schema::probe_in(transaction, database).await?;
    let mut created = Vec::new();
    for table in TABLES.iter().filter(|table| !schema.has_table(table.name)) {
        created.push(table.name);
        for statement in table.create(database.dialect()) {
            transaction.execute(AssertSqlSafe(statement), &[]).await?;
        }
    }
    let schema = if created.is_empty() { schema } else { Schema::probe_in(transaction, database).await? };
    Ok((schema, created))
}

/// Adds the late columns that some row of a file names to a table that was created empty; says whether there
/// were any.
async fn add_late_columns(
    transaction: &mut Transaction<'_>,
    database: &Database,
    schema: &Schema,
    table: &'static Table,
    rows: &Rows,
) -> Result<bool, StatementError> {
    let mut added = false;
    for (column, named) in table.columns.iter().zip(&rows.named) {
        if column.late && *named && !schema.has(table.name, column.name) {
            let (table, name, kind) = (table.name, column.name, column.sql_type(database.dialect()));
            // Names and types from our own list.
            let statement = format!("ALTER TABLE {table} ADD COLUMN {name} {kind}");
            transaction.execute(AssertSqlSafe(statement), &[]).await?;
            added = true;
        }
    }
    Ok(added)
}

async fn insert(
    transaction: &mut Transaction<'_>,
    schema: &Schema,
    table: &'static Table,
    file: &str,
    rows: &[Values],
    references: &mut References,
    statement: impl Fn(&[bool]) -> SqlStr,
) -> Result<(), ImportError> {
    let present: Vec<bool> = table.columns.iter().map(|column| schema.has(table.name, column.name)).collect();
    let named: Vec<bool> = (0..)
        .zip(table.columns_and_audit().zip(&present))
        .map(|(position, ((_, audit), present))| {
            *present && (!audit || rows.iter().any(|row| row.get(position).is_some_and(Option::is_some)))
        })
        .collect();
    let statement = statement(&named);
    for (number, row) in (1..).zip(rows) {
        let place = || RowPlace { file: file.to_owned(), row: number };
        let mut arguments = Vec::with_capacity(row.len());
        for ((column, value), (present, named)) in
            table.columns.iter().zip(row).zip(present.iter().zip(&named))
        {
            if let Some(value) = value {
                references.add(place, column, value);
            }
            match value {
                value if *named => arguments.push(Value::from(value.as_deref())),
                Some(_) if !*present => {
                    let (table, column) = (table.name, column.name);
                    return Err(ImportError::ColumnNotInDatabase { place: place(), table, column });
                }
                _ => {}
            }
        }
        let key = row.first().and_then(Option::as_deref).unwrap_or_default();
        let inserted = transaction
            .execute(statement.clone(), &arguments)
            .await
            .map_err(|cause| ImportError::Row { place: place(), cause })?;
        if inserted == 0 {
            return Err(ImportError::KeyExists { place: place(), table: table.name, key: key.to_owned() });
        }
        references.add_key(table, key);
    }
    Ok(())
}

/// The statement that inserts a row unless its key exists, which is asked for by name because a table that
/// was found may have no constraint. It is made of names from our own list.
fn statement(table: &Table, named: &[bool], timestamp: &str) -> SqlStr {
    let columns = || table.columns.iter().zip(named).filter(|(_, named)| **named).map(|(column, _)| column);
    let names: Vec<&str> = columns().map(|column| column.name).collect();
    let values: Vec<String> = (1..)
        .zip(columns())
        .map(|(position, column)| match column.kind {
            Kind::Number => format!("CAST(${position} AS numeric)"),
            Kind::Timestamp => format!("CAST(${position} AS {timestamp})"),
            _ => format!("${position}"),
        })
        .collect();
    let (table, key) = (table.name, table.key());
    let (names, values) = (names.join(", "), values.join(", "));
    let statement = format!(
        "INSERT INTO {table} ({names}) SELECT {values} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {key} = $1)"
    );
    AssertSqlSafe(Arc::<str>::from(statement)).into_sql_str()
}
