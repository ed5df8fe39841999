//! `cargo xtask wheel`: builds the Python wheel, with the module and the command.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::python;
use crate::workspace::{self, succeed};

/// The Rust target, with the glibc that the command links.
const TARGET: &str = "x86_64-unknown-linux-gnu";
const GLIBC: &str = "2.28";
const COMPATIBILITY: &str = "manylinux_2_28";

/// A program of the virtual environment that builds wheels.
fn tool(program: &str) -> Result<Command> {
    let python = python::wheel_builder()?;
    let programs = python.parent().context("the interpreter has no folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs.to_owned()].into_iter().chain(std::env::split_paths(&path)))?;
    let mut command = Command::new(programs.join(program));
    command.env("PATH", &path).current_dir(workspace::root());
    Ok(command)
}

/// Builds the command for that glibc and later ones, and returns its path.
pub(crate) fn portable_command() -> Result<PathBuf> {
    let mut command = tool("cargo-zigbuild")?;
    command.args(["zigbuild", "--release", "--package", "orgcache", "--bin", "orgcache", "--target"]);
    succeed(command.arg(format!("{TARGET}.{GLIBC}")))?;
    Ok(workspace::target().join(TARGET).join("release/orgcache"))
}

pub(crate) fn run() -> Result<()> {
    let built = portable_command()?;
    let script = workspace::root().join("crates/python/orgcache.data/scripts/orgcache");
    fs::create_dir_all(script.parent().unwrap_or(&script))?;
    // This copies the mode too.
    fs::copy(&built, script).with_context(|| format!("cannot copy `{}`", built.display()))?;

    let wheels = workspace::target().join("wheels");
    let mut maturin = tool("maturin")?;
    maturin.args(["build", "--release", "--zig", "--compatibility", COMPATIBILITY, "--target", TARGET]);
    succeed(maturin.args(["--manifest-path", "crates/python/Cargo.toml", "--out"]).arg(&wheels))?;
    eprintln!("the wheel is in {}", wheels.display());
    Ok(())
}
