//! `cargo xtask shuttle`: the model-checked tests, under many schedules each.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::workspace;

/// Run the tests that a model checker drives through many schedules
///
/// They are built with `--cfg shuttle`, which puts the checker's locks and atomics in the place of the real ones, into a
/// target folder of their own.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to the test program, for example the name of a test
    #[arg(last = true, value_name = "TEST ARGUMENTS")]
    options: Vec<OsString>,
}

/// The packages with a test target named `shuttle`.
const PACKAGES: &[&str] = &["orgcache-session"];

/// The folder of what is built with the checker.
const TARGET: &str = "target/shuttle";

/// Runs them and ends as they end.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut command = workspace::cargo();
    command.args(["test", "--test", "shuttle", "--target-dir", TARGET]);
    command.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    command.env("RUSTFLAGS", "--cfg shuttle").arg("--").args(&args.options);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
