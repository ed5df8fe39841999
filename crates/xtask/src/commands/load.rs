//! `cargo xtask load`: load on the service, built for speed.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::workspace;

/// What the program is told; `--help` says what it understands.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<OsString>,
}

/// Builds the service, then measures it, and ends as that ends.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "--release", "--package", "gateway", "--bin", "orgcache"]);
    let mut measure = workspace::cargo();
    measure.args(["run", "--quiet", "--release", "--package", "bench-service", "--"]).args(&args.options);
    if succeeds(&mut build) && succeeds(&mut measure) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            false
        }
    }
}
