//! `cargo xtask ci`: the checks before a change lands, except for the tests.

use anyhow::{Context, Result};

use crate::workspace::{self, succeed};

/// Arguments of cargo, separated by spaces.
const STEPS: &[&str] = &[
    "fmt --all --check",
    "clippy --workspace --all-targets --all-features -- -D warnings",
    r#"--config 'build.rustdocflags=["-D","warnings"]' doc --workspace --all-features --no-deps"#,
    // A separate program: `cargo install --locked cargo-deny`.
    "deny --log-level error check licenses bans sources",
    // Feature combinations that must compile without warnings. The combination of all features is linted
    // above.
    "clippy --package org-structure --no-default-features -- -D warnings",
    "clippy --package org-structure --no-default-features --features serde -- -D warnings",
    "clippy --package orgcache-erp-db --no-default-features --features sqlite -- -D warnings",
    "clippy --package orgcache-erp-db --no-default-features --features postgres -- -D warnings",
    "clippy --package orgcache-erp-db --no-default-features --features sqlite,session -- -D warnings",
    "clippy --package orgcache-erp-db --no-default-features --features postgres,session -- -D warnings",
    "clippy --package orgcache-odoo -- -D warnings",
    "clippy --package orgcache-odoo --features session -- -D warnings",
    "clippy --package orgcache-platform -- -D warnings",
    "clippy --package orgcache-platform --features entropy -- -D warnings",
    "clippy --package orgcache-platform --features flight -- -D warnings",
    "clippy --package orgcache-platform --features sync -- -D warnings",
    "run --quiet --release --package benches --bin bench-budgets",
    "run --quiet --package xtask -- jar",
    // From the archives alone, so that a missing file outside of a package's folder is found here, not by a
    // user.
    "run --quiet --package xtask -- packages --check",
];

/// Runs the steps in order, until one fails.
pub(crate) fn run() -> Result<()> {
    for (number, step) in (1..).zip(STEPS) {
        eprintln!("[{number}/{}] cargo {step}", STEPS.len());
        let arguments = step.split(' ').map(|argument| argument.trim_matches('\''));
        succeed(workspace::cargo().args(arguments))
            .with_context(|| format!("to repeat this step, run\n    cargo {step}\n"))?;
    }
    Ok(())
}
