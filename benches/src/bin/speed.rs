//! Time per call of orgcache and of what people use today, side by side.

use benches::{options::Options, speed};
use clap::Parser;

/// Time per call of orgcache and of what people use today, side by side
#[derive(Parser)]
#[command(name = "speed", version)]
struct Speed {
    #[command(flatten)]
    options: Options,
}

fn main() -> anyhow::Result<()> {
    let Speed { options } = Speed::parse();
    let progress = options.progress();
    let records = speed::run(&options, &options.contenders()?, &progress)?;
    progress.finish_and_clear();
    options.show(&records)
}
