//! `cargo xtask ci`: what must hold before a change lands, apart from the tests.

use anyhow::{Context, Result};

use crate::workspace::{self, succeed};

/// Arguments of cargo, as a shell takes them. None has a space in it.
const STEPS: &[&str] = &[
    "fmt --all --check",
    "clippy --workspace --all-targets --all-features -- -D warnings",
    r#"--config 'build.rustdocflags=["-D","warnings"]' doc --workspace --all-features --no-deps"#,
    // A program of its own: `cargo install --locked cargo-deny`.
    "deny --log-level error check licenses bans sources",
    // Feature combinations in which a library must compile without a warning; all together were linted above.
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
    // From the archives alone, so that a file outside of a package's folder is missed here, not by its first
    // user.
    "run --quiet --package xtask -- packages --check",
];

/// Runs the steps in order, up to the first that fails.
pub(crate) fn run() -> Result<()> {
    for (number, step) in (1..).zip(STEPS) {
        eprintln!("[{number}/{}] cargo {step}", STEPS.len());
        let arguments = step.split(' ').map(|argument| argument.trim_matches('\''));
        succeed(workspace::cargo().args(arguments))
            .with_context(|| format!("to see it again, run\n    cargo {step}\n"))?;
    }
    Ok(())
}
