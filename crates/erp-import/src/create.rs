//! Creates missing tables and columns of the ERP.

use erp_db::tables::{Column, Kind, TABLES, Table};
use erp_db::{DatabaseKind, Schema, StatementError, Transaction};

/// Creates the missing tables, and only those: a new table would hide an existing one of the same name that
/// the search path finds. Returns the schema with the names of the new tables.
pub(crate) async fn missing_tables(
    transaction: &mut Transaction<'_>,
) -> Result<(Schema, Vec<&'static str>), StatementError> {
    let schema = transaction.schema().await?;
    let mut created = Vec::new();
    for table in TABLES.iter().filter(|table| !schema.has_table(table.name)) {
        created.push(table.name);
        for statement in statements(table, transaction.kind()) {
            transaction.write(statement, &[]).await?;
        }
    }
    let schema = if created.is_empty() { schema } else { transaction.schema().await? };
    Ok((schema, created))
}

/// Adds the late columns that a file's rows name to a table that was created empty. Returns whether it added
/// any.
pub(crate) async fn late_columns(
    transaction: &mut Transaction<'_>,
    schema: &Schema,
    table: &'static Table,
    named: &[bool],
) -> Result<bool, StatementError> {
    let mut added = false;
    for (column, named) in table.columns.iter().zip(named) {
        if column.late && *named && !schema.has(table.name, column.name) {
            let (table, name, kind) = (table.name, column.name, sql_type(column, transaction.kind()));
            transaction.write(format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"), &[]).await?;
            added = true;
        }
    }
    Ok(added)
}

/// Is the column an audit column: who created or changed a row, and when?
///
/// The users in these columns need not be among the imported ones, so the import does not check them. A real
/// ERP fills in some of the columns by default. A null would prevent that, so the import omits a column if no
/// row of the file has a value for it.
pub(crate) fn is_audit(column: &Column) -> bool {
    ["created", "createdby", "updated", "updatedby"].contains(&column.name)
}

/// The SQL type of a timestamp.
pub(crate) fn timestamp(kind: DatabaseKind) -> &'static str {
    if kind == DatabaseKind::Sqlite { "TEXT" } else { "timestamp" }
}

fn sql_type(column: &Column, kind: DatabaseKind) -> String {
    match column.kind {
        Kind::Number => "numeric".to_owned(),
        Kind::Timestamp => timestamp(kind).to_owned(),
        _ if kind == DatabaseKind::Sqlite => "TEXT".to_owned(),
        Kind::Text(characters) => format!("varchar({characters})"),
        Kind::Flag => "char(1)".to_owned(),
        _ => "varchar(32)".to_owned(),
    }
}

/// The default value of a column in a created table.
fn default(column: &Column) -> &'static str {
    match (column.kind, column.name) {
        (Kind::Flag, "isactive" | "ismanual") => " DEFAULT 'Y'",
        (Kind::Flag, _) => " DEFAULT 'N'",
        (_, "userlevel") => " DEFAULT '  O'",
        _ => "",
    }
}

/// The statements that create a table, without its late columns.
fn statements(table: &Table, kind: DatabaseKind) -> Vec<String> {
    let (name, key) = (table.name, table.key());
    let mut parts: Vec<String> = Vec::with_capacity(table.columns.len() + 1);
    for column in table.columns.iter().filter(|column| !column.late) {
        let not_null = if column.required { " NOT NULL" } else { "" };
        let primary = if column.name == key { " PRIMARY KEY" } else { "" };
        let (kind, default) = (sql_type(column, kind), default(column));
        parts.push(format!("{} {kind}{not_null}{primary}{default}", column.name));
    }
    if !table.unique.is_empty() {
        parts.push(format!("UNIQUE ({})", table.unique.join(", ")));
    }
    let mut statements =
        vec![format!("CREATE TABLE IF NOT EXISTS {name} (\n    {}\n)", parts.join(",\n    "))];
    if !table.index.is_empty() {
        let column = table.index;
        statements.push(format!("CREATE INDEX IF NOT EXISTS {name}_{column} ON {name} ({column})"));
    }
    statements
}
