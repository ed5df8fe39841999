//! Writes rows, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use erp_db::tables::{Kind, Table};
use erp_db::{Database, Schema, Transaction};

use crate::create;
use crate::error::{ImportError, RowPlace};
use crate::file::{Rows, Values};
use crate::references::References;
use crate::source::Source;

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// The number of files.
    pub files: usize,
    /// The number of rows by table, for the tables that had a file.
    pub rows: BTreeMap<&'static str, usize>,
    /// The unknown columns of the files, by table. They were ignored.
    pub ignored: BTreeMap<&'static str, BTreeSet<String>>,
}

/// Imports rows from any sources.
pub(crate) async fn import_sources(
    database: &Database,
    sources: Vec<Source>,
) -> Result<ImportSummary, ImportError> {
    let mut transaction = database.begin().await?;
    let (mut schema, created) = create::missing_tables(&mut transaction).await?;
    let mut imported = ImportSummary::default();
    let mut references = References::default();
    for source in sources {
        let (table, file) = (source.table, source.name());
        // Read files on a blocking thread.
        let mut rows = read(source).await?;
        imported.files += 1;
        *imported.rows.entry(table.name).or_default() += rows.values.len();
        if !rows.ignored.is_empty() {
            imported.ignored.entry(table.name).or_default().append(&mut rows.ignored);
        }
        if created.contains(&table.name)
            && create::late_columns(&mut transaction, &schema, table, &rows.named).await?
        {
            schema = transaction.schema().await?;
        }
        insert(&mut transaction, &schema, table, &file, &rows.values, &mut references).await?;
    }
    references.check(&mut transaction).await?;
    transaction.commit().await?;
    Ok(imported)
}

/// Reads and checks all rows of a source, on a blocking thread.
async fn read(source: Source) -> Result<Rows, ImportError> {
    let file = source.name();
    match tokio::task::spawn_blocking(move || source.rows()).await {
        Ok(rows) => rows,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ImportError::ShuttingDown { file }),
        },
    }
}

async fn insert(
    transaction: &mut Transaction<'_>,
    schema: &Schema,
    table: &'static Table,
    file: &str,
    rows: &[Values],
    references: &mut References,
) -> Result<(), ImportError> {
    let present: Vec<bool> = table.columns.iter().map(|column| schema.has(table.name, column.name)).collect();
    let named: Vec<bool> = (0..)
        .zip(table.columns.iter().zip(&present))
        .map(|(position, (column, present))| {
            *present
                && (!create::is_audit(column)
                    || rows.iter().any(|row| row.get(position).is_some_and(Option::is_some)))
        })
        .collect();
    let statement = statement(table, &named, create::timestamp(transaction.kind()));
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
                value if *named => arguments.push(value.as_deref()),
                Some(_) if !*present => {
                    let (table, column) = (table.name, column.name);
                    return Err(ImportError::ColumnNotInDatabase { place: place(), table, column });
                }
                _ => {}
            }
        }
        let key = row.first().and_then(Option::as_deref).unwrap_or_default();
        let inserted = transaction
            .write(statement.clone(), &arguments)
            .await
            .map_err(|cause| ImportError::Row { place: place(), cause })?;
        if inserted == 0 {
            return Err(ImportError::KeyExists { place: place(), table: table.name, key: key.to_owned() });
        }
        references.add_key(table, key);
    }
    Ok(())
}

/// The statement that inserts a row unless its key exists. It tests the key itself, because an existing table
/// may lack the constraint. It contains only names from our own list.
fn statement(table: &Table, named: &[bool], timestamp: &str) -> String {
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
    format!(
        "INSERT INTO {table} ({names}) SELECT {values} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {key} = $1)"
    )
}
