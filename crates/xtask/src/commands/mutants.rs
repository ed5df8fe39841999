//! `cargo xtask mutants`: which changes of the code would no test notice?

use std::ffi::OsString;

use anyhow::Result;

use crate::workspace::{self, succeed};

/// Change the code in many small ways, one at a time, and see whether a test fails
///
/// Needs `cargo install cargo-mutants`. Takes hours for a whole crate: name files with `-- --file GLOB`, or a
/// part with `-- --shard 0/8`. Mutants that no test can notice, because they mean the same, are listed with
/// their reasons in `.cargo/mutants.toml`.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Passed on to cargo-mutants, for example `--file '**/decode.rs'`
    #[arg(last = true, value_name = "ARGUMENTS")]
    options: Vec<OsString>,
}

/// The packages whose mutants must all be caught, each with the test targets that have to notice.
const PACKAGES: &[(&str, &[&str])] =
    &[("org-structure", &["suite", "golden"]), ("orgcache-session", &["suite"])];

/// Runs it for each package, until one has a mutant that survives and is not listed.
pub(crate) fn run(args: &Args) -> Result<()> {
    for (package, tests) in PACKAGES {
        let mut command = workspace::cargo();
        command.args(["mutants", "--package", package, "--cargo-test-arg=--lib"]);
        command.args(["--output".into(), format!("target/mutants-{package}")]);
        command.args(
            tests
                .iter()
                .flat_map(|test| ["--cargo-test-arg=--test".into(), format!("--cargo-test-arg={test}")]),
        );
        command.args(&args.options);
        succeed(&mut command)?;
    }
    Ok(())
}
