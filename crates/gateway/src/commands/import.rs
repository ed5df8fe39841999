//! `orgcache import`: imports JSON files into an ERP's tables, all rows or none.

use std::io::Write;
use std::process::ExitCode;

use erp_db::Database;

use crate::cli::ImportArguments;
use crate::failure::Failure;

pub(crate) async fn run(url: &str, arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let database = Database::connect(url).await?;
    let imported = erp_import::import(&database, &arguments.dir)
        .await
        .map_err(|error| Failure::refused(&error).advise("Nothing was imported."))?;
    let mut out = anstream::stdout().lock();
    for (table, rows) in &imported.rows {
        writeln!(out, "{rows:>9}  {table}")?;
    }
    for (table, columns) in &imported.ignored {
        let columns = columns.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        writeln!(out, "  ignored  {table}: {}", columns.replace(char::is_control, "\u{fffd}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
