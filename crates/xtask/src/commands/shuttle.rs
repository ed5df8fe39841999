//! `cargo xtask shuttle`: the model-checked tests, under many schedules each.

use std::ffi::OsString;

use anyhow::Result;

use crate::workspace::{self, succeed};

/// Run the tests that a model checker drives through many schedules
///
/// They are built with `--cfg shuttle`, which puts the checker's locks and atomics in the place of the real
/// ones, into a target folder of their own.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to the test programs, for example `--nocapture`
    #[arg(last = true, value_name = "TEST ARGUMENTS")]
    options: Vec<OsString>,
}

/// The packages with such tests, and where these are: a test target of their own, or a module of the library.
const PROGRAMS: &[&[&str]] = &[
    &["--package", "orgcache-session", "--test", "shuttle"],
    &["--package", "orgcache-model-metadata", "--lib", "shuttle_tests"],
    &["--package", "orgcache-odoo", "--lib", "shuttle_tests"],
];

/// The folder of what is built with the checker.
const TARGET: &str = "target/shuttle";

/// Runs them, until one fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    for program in PROGRAMS {
        let mut command = workspace::cargo();
        command.args(["test", "--target-dir", TARGET]).args(*program);
        command.env("RUSTFLAGS", "--cfg shuttle").arg("--").args(&args.options);
        succeed(&mut command)?;
    }
    Ok(())
}
