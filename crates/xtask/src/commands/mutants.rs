//! `cargo xtask mutants`: finds changes of the code that no test detects.

use std::ffi::OsString;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Change the code in many small ways, one at a time, and check that a test fails
///
/// Needs `cargo install cargo-mutants`. Takes a few seconds for each of about a thousand mutants of a
/// package: select files with `-- --file GLOB`. `--continue` resumes an interrupted run.
///
/// Equivalent mutants, which no test can detect, are listed with reasons in `.cargo/mutants.toml`.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only this package
    #[arg(long, short, value_name = "PACKAGE")]
    package: Option<String>,
    /// Skip the mutants that the previous run caught
    #[arg(long = "continue")]
    continues: bool,
    /// Passed on to cargo-mutants, for example `--file '**/decode.rs'`
    #[arg(last = true, value_name = "ARGUMENTS")]
    options: Vec<OsString>,
}

/// A package whose mutants must all be caught, with the tests that must catch them.
struct Subject {
    package: &'static str,
    targets: &'static [&'static str],
}

const SUBJECTS: &[Subject] = &[
    Subject { package: "org-structure", targets: &["suite", "golden"] },
    Subject { package: "orgcache-session", targets: &["suite"] },
];

/// Runs cargo-mutants for each package. Fails if an unlisted mutant survives.
pub(crate) fn run(args: &Args) -> Result<()> {
    let is_meant = |subject: &&Subject| args.package.as_deref().is_none_or(|name| name == subject.package);
    let mut survived = Vec::new();
    for subject in SUBJECTS.iter().filter(is_meant) {
        if !subject.run(args)? {
            survived.push(subject.package);
        }
    }
    if survived.is_empty() {
        return Ok(());
    }
    bail!("mutants of {} survived, see `target/mutants-*/mutants.out/missed.txt`", survived.join(" and "))
}

impl Subject {
    /// Returns whether all mutants were caught.
    fn run(&self, args: &Args) -> Result<bool> {
        let mut command = workspace::cargo();
        command.args(["mutants", "--package", self.package, "--profile", "mutants"]);
        command.args(["--output".into(), format!("target/mutants-{}", self.package)]);
        if args.continues {
            command.arg("--iterate");
        }
        command.args(&args.options).args(["--", "--lib"]);
        command.args(self.targets.iter().flat_map(|target| ["--test", target]));
        let status = command.status().context("cannot run cargo")?;
        // 0: all caught. 2: some missed. 3: some caught by a test timeout, and none missed.
        match status.code() {
            Some(0 | 3) => Ok(true),
            Some(2) => Ok(false),
            _ => bail!("`cargo mutants` stopped with {status}"),
        }
    }
}
