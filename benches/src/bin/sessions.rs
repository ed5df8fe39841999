//! Bytes, time and loads of logins.

use std::process::ExitCode;

use std::io::Write;

use anyhow::ensure;
use benches::options::Options;
use benches::session_bytes::AllocationCount;
use benches::sessions::{ORGANIZATIONS, SHAPE, STRUCTURES, calls, held, logins};
use clap::Parser;

/// Bytes of sessions, time of logins, and tree loads after a change
#[derive(Parser)]
#[command(name = "sessions", version)]
struct Program {
    #[command(flatten)]
    options: Options,
    /// Create sessions and print their bytes, for internal use
    #[arg(long, hide = true, value_name = "COUNT,TREES,ACCESS", value_parser = held::parse)]
    hold: Option<held::Sessions>,
}

fn main() -> ExitCode {
    benches::end(run(Program::parse()))
}

fn run(Program { options, hold }: Program) -> anyhow::Result<()> {
    if let Some(sessions) = hold {
        let held = serde_json::to_vec(&sessions.hold(counted)?)?;
        return Ok(std::io::stdout().lock().write_all(&held)?);
    }
    if benches::sql::postgres_url().is_none() {
        eprintln!("skipping PostgreSQL: `cargo xtask sessions` starts it if it is installed");
    }
    ensure!(
        options.shape.iter().all(|shape| *shape == SHAPE)
            && options.organizations.iter().all(|&count| count as usize == ORGANIZATIONS),
        "sessions are measured on a {SHAPE} tree of {ORGANIZATIONS} organizations"
    );
    let metrics = options.metrics(&[&held::METRICS[..], &calls::METRICS, &logins::METRICS].concat())?;
    let structures = options.structures(&STRUCTURES)?;
    let is_asked = |part: &[&str]| part.iter().any(|metric| metrics.contains(metric));
    let progress = options.progress();
    let mut records = Vec::new();
    if is_asked(&held::METRICS) {
        records.extend(held::run(options.quick, counted, &progress)?);
    }
    if is_asked(&calls::METRICS) {
        progress.set_message("calls in memory");
        records.extend(calls::run(options.quick)?);
    }
    if is_asked(&logins::METRICS) {
        progress.set_message("logins on databases");
        records.extend(logins::run(options.quick)?);
    }
    progress.finish_and_clear();
    records.retain(|record| metrics.contains(&record.metric) && structures.contains(&record.structure));
    options.show(&records)
}

fn counted(run: &mut dyn FnMut()) -> AllocationCount {
    let counted = allocation_counter::measure(run);
    AllocationCount {
        bytes: u64::try_from(counted.bytes_current).unwrap_or(0),
        allocations: counted.count_total,
    }
}
