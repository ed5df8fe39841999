//! orgcache beside mcp-server-odoo, the Python server of the Model Context Protocol for Odoo: what calls of tools take, and how many
//! requests they cost, on a double of Odoo with the delays of a real one.
//!
//! Read it in this order: [`world`] is the Odoo, [`contender`] who is measured, [`tools`] and [`web`] what is measured, [`report`] how it
//! is told.

mod contender;
mod peer;
mod report;
mod tools;
mod web;
mod world;

use std::time::Duration;

use clap::Parser;

use crate::contender::{Contender, Program};
use crate::report::Record;

/// orgcache beside the Python server for Odoo: milliseconds and requests of tool calls, memory, bytes of answers
#[derive(Parser)]
#[command(name = "odoo-speed", version)]
struct Options {
    /// Print one JSON array of records instead of tables
    #[arg(long)]
    json: bool,
    /// Fewer samples: under a minute
    #[arg(long)]
    quick: bool,
}

/// How often each thing is done.
#[derive(Clone, Copy)]
struct Samples {
    calls: usize,
    starts: usize,
    storms: usize,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let program = Program::find()?;
    let peer = peer::interpreter();
    let mut records = Vec::new();
    for milliseconds in [0, 50] {
        let added = Duration::from_millis(milliseconds);
        let samples = match (options.quick, milliseconds) {
            (true, 0) => Samples { calls: 9, starts: 2, storms: 2 },
            (true, _) => Samples { calls: 6, starts: 1, storms: 1 },
            (false, 0) => Samples { calls: 40, starts: 5, storms: 5 },
            (false, _) => Samples { calls: 20, starts: 3, storms: 3 },
        };
        for contender in Contender::all(&program, peer.as_ref().ok()) {
            eprintln!("{}, +{milliseconds} ms", contender.name);
            records.extend(tools::measure(&contender, added, samples).await?);
        }
    }
    eprintln!("over http");
    records.extend(web::measure(&program, if options.quick { 5 } else { 30 }).await?);
    report::show(&records, options.json, peer.as_ref().err().map(ToString::to_string))?;
    Ok(())
}

impl Record {
    /// A figure of a contender with so much added to each round trip.
    fn of(structure: &str, metric: &'static str, added: Duration, value: f64, unit: &'static str) -> Self {
        let shape = format!("+{} ms", added.as_millis());
        Record { structure: structure.into(), metric, organizations: 0, shape, sessions: 1, value, unit }
    }
}
