//! `cargo xtask packages`: what would be published, built and tested from the archives alone.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{self, remove_folder, succeed};

/// Rehearse the release: archive all packages, and build and test them from the archives alone
///
/// Builds in target/packages, with the tests that each archive contains, and ends with cargo's own rehearsal
/// of the upload (`cargo publish --workspace --dry-run`). Nothing leaves the machine.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

/// The packages that are published, each after those that it stands on.
const PUBLISHED: &[&str] = &[
    "orgcache-platform",
    "org-structure",
    "orgcache-model-metadata",
    "orgcache-session",
    "orgcache-session-axum",
    "orgcache-erp-db",
    "orgcache-erp-import",
    "orgcache-odoo",
    "orgcache-odoo-mcp",
    "orgcache",
];

pub(crate) fn run(_: &Args) -> Result<()> {
    let mut archive = workspace::cargo();
    archive.args(["package", "--allow-dirty", "--no-verify", "--quiet"]);
    archive.args(PUBLISHED.iter().flat_map(|package| ["--package", package]));
    succeed(&mut archive)?;

    let folder = workspace::target().join("packages");
    remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
    let version = env!("CARGO_PKG_VERSION");
    let mut manifest =
        String::from("[workspace]\nresolver = \"3\"\nmembers = [\"*-[0-9]*\"]\n\n[patch.crates-io]\n");
    for package in PUBLISHED {
        let archive = workspace::target().join(format!("package/{package}-{version}.crate"));
        succeed(Command::new("tar").arg("-xzf").arg(archive).current_dir(&folder))?;
        manifest += &format!("{package} = {{ path = \"{package}-{version}\" }}\n");
    }
    // A lock file of their own would be that of the day; the versions to test are those of the workspace.
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;

    let mut test = workspace::cargo();
    test.args(["test", "--workspace", "--all-features", "--no-fail-fast"]).current_dir(&folder);
    // What others wrote is compiled already.
    test.env("CARGO_TARGET_DIR", workspace::target());
    succeed(&mut test)?;
    succeed(workspace::cargo().args(["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty"]))
}
