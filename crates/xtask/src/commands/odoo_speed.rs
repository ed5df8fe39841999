//! `cargo xtask odoo-speed`: the program of `benches/odoo`, built for speed.

use std::process::ExitCode;

use super::harness::Args;
use crate::workspace;

/// Runs the program and ends as it ends.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--release", "--package", "bench-odoo", "--"]);
    match command.args(&args.options).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
