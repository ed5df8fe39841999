//! Bytes per session of orgcache and of the alternatives, side by side.

use std::process::ExitCode;

use benches::contender::{all, chosen};
use benches::footprint;
use benches::options::Options;
use benches::session_bytes::AllocationCount;
use clap::Parser;

/// Bytes per session of orgcache and of the alternatives, side by side
#[derive(Parser)]
#[command(name = "footprint", version)]
struct Footprint {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    benches::end(run(Footprint::parse()))
}

fn run(Footprint { options }: Footprint) -> anyhow::Result<()> {
    let progress = options.progress();
    let records = footprint::run(&options, &chosen(&options, all())?, counted, &progress)?;
    progress.finish_and_clear();
    options.show(&records)
}

fn counted(run: &mut dyn FnMut()) -> AllocationCount {
    let counted = allocation_counter::measure(run);
    AllocationCount {
        bytes: u64::try_from(counted.bytes_current).unwrap_or(0),
        allocations: counted.count_total,
    }
}
