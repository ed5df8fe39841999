//! Generates tables for documents from records.

use std::process::ExitCode;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use benches::summary::{budgets, figures, headline, read};
use clap::{Parser, ValueEnum};

/// Generate a table for a document from the records of the other programs
#[derive(Parser)]
#[command(name = "summary", version)]
struct Summary {
    /// The table
    table: Table,
    /// Files written with `--output`
    #[arg(required = true)]
    records: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Table {
    /// orgcache compared with Openbravo's structures
    Headline,
    /// orgcache compared with Openbravo and the best alternative, over all shapes
    Figures,
    /// Measured values compared with their budgets
    Budgets,
}

fn main() -> ExitCode {
    benches::end(run(Summary::parse()))
}

fn run(Summary { table, records }: Summary) -> anyhow::Result<()> {
    let mut records_read = Vec::new();
    for path in records {
        let name = path.display();
        let json = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{name}`"))?;
        records_read.extend(read(&json).with_context(|| format!("`{name}` contains no records"))?);
    }
    let text = match table {
        Table::Headline => headline(&records_read)?,
        Table::Figures => figures(&records_read)?,
        Table::Budgets => budgets(&records_read)?,
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
