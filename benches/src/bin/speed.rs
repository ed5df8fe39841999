//! Time per call of orgcache and of the alternatives, side by side.

use std::process::ExitCode;

use benches::contender::{Contender, all, chosen};
use benches::{options::Options, speed};
use clap::Parser;

/// Time per call of orgcache and of the alternatives, side by side
#[derive(Parser)]
#[command(name = "speed", version)]
struct Speed {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    benches::end(run(Speed::parse()))
}

fn run(Speed { options }: Speed) -> anyhow::Result<()> {
    let contenders = chosen(&options, contenders())?;
    let progress = options.progress();
    let records = speed::run(&options, &contenders, &progress)?;
    progress.finish_and_clear();
    options.show(&records)
}

#[cfg(feature = "databases")]
fn contenders() -> Vec<Contender> {
    if benches::sql::postgres_url().is_none() {
        eprintln!("skipping PostgreSQL: `cargo xtask speed` starts it if it is installed");
    }
    all().into_iter().chain(benches::sql::contenders()).collect()
}

#[cfg(not(feature = "databases"))]
fn contenders() -> Vec<Contender> {
    all()
}
