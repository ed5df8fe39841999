//! Tables for documents, out of records.

use std::process::ExitCode;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use benches::summary::{budgets, figures, headline, read};
use clap::{Parser, ValueEnum};

/// Make a table for a document out of the records that the other programs wrote
#[derive(Parser)]
#[command(name = "summary", version)]
struct Summary {
    /// Which table
    table: Table,
    /// Files that were written with `--output`
    #[arg(required = true)]
    records: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Table {
    /// orgcache beside Openbravo's structures
    Headline,
    /// orgcache beside that and the nearest other, over all shapes
    Figures,
    /// What was measured beside what it should be at most
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
        records_read.extend(read(&json).with_context(|| format!("`{name}` holds no records"))?);
    }
    let text = match table {
        Table::Headline => headline(&records_read)?,
        Table::Figures => figures(&records_read)?,
        Table::Budgets => budgets(&records_read)?,
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
