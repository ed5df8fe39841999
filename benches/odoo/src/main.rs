//! Compares orgcache with mcp-server-odoo, the Python MCP server for Odoo: time and requests of tool calls,
//! on a double of Odoo with the delays of a real one; and each part of orgcache on and off.
//!
//! In reading order: [`world`] is the Odoo, [`subject`] a measured server, [`rounds`] the method; [`tools`],
//! [`together`], [`parts`], [`ordinary`], [`alone`], [`web`] and [`proxy`] are the measurements; [`goals`]
//! the goals, [`table`] the output.

mod alone;
mod goals;
mod ordinary;
mod parts;
mod proxy;
mod rounds;
mod subject;
mod table;
mod together;
mod tools;
mod web;
mod world;

use std::io::Write;
use std::time::Duration;

use clap::Parser;

use crate::rounds::{end_all, start_all};
use crate::subject::{Contender, Program};
use crate::table::Table;

/// orgcache compared with the Python server for Odoo: milliseconds and requests of tool calls, memory, bytes
/// of answers
#[derive(Parser)]
#[command(name = "odoo-speed", version)]
struct Options {
    /// Print one JSON array of records instead of tables
    #[arg(long)]
    json: bool,
    /// Fewer samples: under a minute
    #[arg(long)]
    quick: bool,
    /// Only the default fields of an administrator and an ordinary user
    #[arg(long)]
    ordinary: bool,
}

/// How often each measurement is repeated.
#[derive(Clone, Copy)]
struct Samples {
    /// New processes.
    starts: usize,
    /// Calls, with or without requests to Odoo.
    calls: usize,
    /// Sixteen calls at once.
    storms: usize,
}

impl Samples {
    fn new(quick: bool, added: Duration) -> Self {
        match (quick, added.is_zero()) {
            (true, true) => Samples { starts: 2, calls: 9, storms: 2 },
            (true, false) => Samples { starts: 1, calls: 4, storms: 1 },
            (false, true) => Samples { starts: 5, calls: 40, storms: 9 },
            (false, false) => Samples { starts: 3, calls: 15, storms: 5 },
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let program = Program::find()?;
    let (own, peer) = (Contender::orgcache(&program, &[]), Contender::peer());
    let contenders: Vec<&Contender> = [&own].into_iter().chain(&peer).collect();
    let mut tables: Vec<Table> = Vec::new();
    let added: &[u64] = if options.ordinary { &[] } else { &[0, 50] };
    for &milliseconds in added {
        let added = Duration::from_millis(milliseconds);
        let samples = Samples::new(options.quick, added);
        let progress = |what: &str| eprintln!("{what}, +{milliseconds} ms");
        let mut subjects = start_all(&contenders, added).await?;
        progress("tools");
        tables.push(tools::measure(&mut subjects, added, samples).await?);
        progress("searches at once");
        tables.push(together::measure(&subjects, added, samples).await?);
        end_all(subjects).await?;
        progress("parts on and off");
        tables.push(parts::measure(&program, added, samples).await?);
    }
    eprintln!("an ordinary user");
    tables.extend(ordinary::measure(&contenders, if options.quick { 5 } else { 20 }).await?);
    if !options.ordinary {
        eprintln!("a read alone");
        let (processes, calls) = if options.quick { (12, 40) } else { (40, 100) };
        tables.push(alone::measure(&program, processes, calls).await?);
        eprintln!("over http");
        tables.push(web::measure(&program, if options.quick { 5 } else { 30 }).await?);
        tables.push(proxy::measure(&own).await?);
    }

    let mut out = std::io::stdout().lock();
    if options.json {
        let records: Vec<_> = tables.iter().flat_map(Table::records).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&records)?)?;
        return Ok(());
    }
    for table in &tables {
        writeln!(out, "{table}")?;
    }
    writeln!(out, "{}", goals::verdicts(&tables))?;
    if peer.is_none() {
        writeln!(out, "mcp-server-odoo was not measured: its Python packages are not installed")?;
    }
    Ok(())
}
