//! axe-core, which checks the accessibility of a page: a download for the browser's tests, never part of the
//! project. It is under the Mozilla Public License 2.0.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, succeed};

/// The environment variable that tells the tests where the script is.
pub(crate) const VARIABLE: &str = "ORGCACHE_TEST_AXE";

/// The version that the tests were written with.
const VERSION: &str = "4.14.1";

/// The script, which npm downloads if it is missing. Without npm or its registry there is none, and the tests
/// that need it are skipped.
pub(crate) fn script() -> Option<PathBuf> {
    match locate_or_download() {
        Ok(script) => Some(script),
        Err(error) => {
            eprintln!("axe-core {VERSION} cannot be had, so its tests are skipped: {error:#}");
            None
        }
    }
}

fn locate_or_download() -> Result<PathBuf> {
    if let Some(script) = env::var_os("ORGCACHE_AXE").map(PathBuf::from) {
        if !script.is_file() {
            bail!("`{}`, named by ORGCACHE_AXE, is not a file", script.display());
        }
        return Ok(script);
    }
    let folder = workspace::root().join("target/axe-core").join(VERSION);
    let script = folder.join("package/axe.min.js");
    if !script.is_file() {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        // npm checks what it downloads against the hash that the registry names.
        let package = format!("axe-core@{VERSION}");
        let mut npm = Command::new("npm");
        succeed(npm.args(["pack", "--silent", &package]).current_dir(&folder).stdout(Stdio::null()))?;
        let archive = format!("axe-core-{VERSION}.tgz");
        succeed(
            Command::new("tar")
                .args(["-xzf", &archive, "package/axe.min.js", "package/LICENSE"])
                .current_dir(&folder),
        )?;
    }
    Ok(script)
}
