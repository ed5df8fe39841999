//! `cargo xtask footprint`, `speed` and `budgets`: the programs of `benches`, built for speed.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::workspace;

/// What the program is told; `--help` says what it understands.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(super) options: Vec<OsString>,
}

/// Runs one of the programs and ends as it ends.
pub(crate) fn run(program: &str, args: &Args) -> ExitCode {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--release", "--package", "benches", "--bin", program, "--"]);
    match command.args(&args.options).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
