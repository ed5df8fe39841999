//! `cargo xtask mutants`: which changes of the code would no test notice?

use std::ffi::OsString;
use std::process::ExitCode;

use crate::workspace;

/// Change the code in many small ways, one at a time, and see whether a test fails
///
/// Needs `cargo install cargo-mutants`. Takes hours for a whole crate: name files with `-- --file GLOB`. Mutants that no
/// test can notice, because they mean the same, are listed with their reasons in `.cargo/mutants.toml`.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to cargo-mutants, for example `--file '**/decode.rs'`
    #[arg(last = true, value_name = "ARGUMENTS")]
    options: Vec<OsString>,
}

/// The packages whose mutants must all be caught.
const PACKAGES: &[&str] = &["org-structure"];

/// Runs it and ends as it ends: with a failure if a mutant survives that is not listed.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut command = workspace::cargo();
    command.args(["mutants", "--output", "target"]);
    command.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    command.args(&args.options);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
