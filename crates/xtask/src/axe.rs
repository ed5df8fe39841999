//! axe-core, which checks the accessibility of a page: a download for the browser's tests, never part of the
//! project. It is under the Mozilla Public License 2.0.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::locate;
use crate::workspace::{self, succeed};

/// The environment variable that tells the tests where the script is.
pub(crate) const VARIABLE: &str = "ORGCACHE_TEST_AXE";

/// The version that the tests were written with.
const VERSION: &str = "4.14.1";

/// The script, which npm downloads if it is missing. Without npm or its registry there is none, and the tests
/// that need it are skipped.
pub(crate) fn script() -> Option<PathBuf> {
    let skipped =
        |error: &_| eprintln!("axe-core {VERSION} cannot be had, so its tests are skipped: {error:#}");
    locate_or_download().inspect_err(skipped).ok()
}

fn locate_or_download() -> Result<PathBuf> {
    if let Some(script) = locate::file("ORGCACHE_AXE", &[])? {
        return Ok(script);
    }
    let folder = workspace::root().join("target/axe-core").join(VERSION);
    let script = folder.join("axe.min.js");
    if !script.is_file() {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        let unpacked = tempfile::tempdir_in(&folder)?;
        // npm checks what it downloads against the hash that the registry names.
        let mut npm = Command::new("npm");
        npm.args(["pack", "--silent", &format!("axe-core@{VERSION}")]).stdout(Stdio::null());
        succeed(npm.current_dir(&unpacked))?;
        let mut tar = Command::new("tar");
        tar.args(["-xzf", &format!("axe-core-{VERSION}.tgz"), "package/axe.min.js", "package/LICENSE"]);
        succeed(tar.current_dir(&unpacked))?;
        // The script last and whole, so that a run at the same time finds all of it or none.
        for file in ["LICENSE", "axe.min.js"] {
            fs::rename(unpacked.path().join("package").join(file), folder.join(file))?;
        }
    }
    Ok(script)
}
