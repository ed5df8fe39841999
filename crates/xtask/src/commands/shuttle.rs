//! `cargo xtask shuttle`: runs the model-checked tests under many schedules.

use std::ffi::OsString;

use anyhow::Result;

use crate::workspace::{self, succeed};

/// Run the tests that a model checker executes under many schedules
///
/// Builds with `--cfg shuttle`, which replaces locks and atomics by the checker's, in a separate target
/// folder.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to the test programs, for example `--nocapture`
    #[arg(last = true, value_name = "TEST ARGUMENTS")]
    options: Vec<OsString>,
}

/// The packages with such tests, and their targets: a test target, or a module of the library.
const PROGRAMS: &[&[&str]] = &[
    &["--package", "orgcache-session", "--test", "shuttle"],
    &["--package", "orgcache-model-metadata", "--lib", "shuttle_tests"],
    &["--package", "orgcache-odoo", "--lib", "shuttle_tests"],
];

/// The target folder of these builds.
const TARGET: &str = "target/shuttle";

/// Runs the programs, until one fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    for program in PROGRAMS {
        let mut command = workspace::cargo();
        command.args(["test", "--target-dir", TARGET]).args(*program);
        command.env("RUSTFLAGS", "--cfg shuttle").arg("--").args(&args.options);
        succeed(&mut command)?;
    }
    Ok(())
}
