//! `cargo xtask packages`: builds and tests the packages from their archives, as published.

use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{self, copy, files_below, remove_folder, succeed, write};

/// Rehearse the release: archive all packages, and build and test them from the archives alone
///
/// The archives and the upload are cargo's own rehearsal (`cargo publish --workspace --dry-run`). The build
/// runs in target/packages, with the tests in each archive. Nothing leaves the machine.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only compile the packages, without running tests
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let archives = workspace::target().join("package");
    remove_folder(&archives)?;
    let mut publish = workspace::cargo();
    publish.args(["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty", "--quiet"]);
    succeed(&mut publish)?;

    let folder = workspace::target().join("packages");
    remove_folder(&folder)?;
    // The packages' own lock files would use the latest versions. Test the versions of the workspace.
    copy(&workspace::root().join("Cargo.lock"), &folder.join("Cargo.lock"))?;
    let mut manifest =
        String::from("[workspace]\nresolver = \"3\"\nmembers = [\"*-[0-9]*\"]\n\n[patch.crates-io]\n");
    for archive in files_below(&archives)? {
        let stem = archive.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_archive = archive.extension().is_some_and(|extension| extension == "crate");
        // Cargo writes each archive twice.
        if !is_archive || folder.join(stem).exists() {
            continue;
        }
        // Ignore the timestamps in the archive, which are constant: cargo would not notice changed sources.
        succeed(Command::new("tar").arg("-xzmf").arg(archives.join(&archive)).current_dir(&folder))?;
        let name = stem.strip_suffix(concat!("-", env!("CARGO_PKG_VERSION")));
        let name = name.with_context(|| format!("`{stem}` has another version than the workspace"))?;
        manifest += &format!("{name} = {{ path = \"{stem}\" }}\n");
    }
    write(&folder.join("Cargo.toml"), manifest)?;

    let mut build = workspace::cargo();
    let what: &[_] = if args.check { &["check"] } else { &["test", "--no-fail-fast"] };
    build.args(what).args(["--workspace", "--all-features"]).current_dir(&folder);
    // Reuse the compiled third-party crates.
    succeed(build.env("CARGO_TARGET_DIR", workspace::target()))
}
