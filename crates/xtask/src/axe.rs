//! axe-core, which checks the accessibility of a page. The browser tests download it; it is not part of the
//! project. It is under the Mozilla Public License 2.0.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::locate;
use crate::workspace::{self, succeed};

/// The environment variable with the path of the script, for the tests.
pub(crate) const VARIABLE: &str = "ORGCACHE_TEST_AXE";

/// The version for which the tests were written.
const VERSION: &str = "4.14.1";

/// The path of the script. Downloads it by npm if it is missing. Without npm or its registry, returns
/// nothing, and the tests that need it are skipped.
pub(crate) fn script() -> Option<PathBuf> {
    let skipped =
        |error: &_| eprintln!("axe-core {VERSION} is not available, so its tests are skipped: {error:#}");
    locate_or_download().inspect_err(skipped).ok()
}

fn locate_or_download() -> Result<PathBuf> {
    if let Some(script) = locate::file("ORGCACHE_AXE", &[])? {
        return Ok(script);
    }
    let folder = workspace::root().join("target/axe-core").join(VERSION);
    let script = folder.join("axe.min.js");
    if !script.is_file() {
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        let unpacked = tempfile::tempdir_in(&folder)?;
        // npm checks the download against the hash in the registry.
        let mut npm = Command::new("npm");
        npm.args(["pack", "--silent", &format!("axe-core@{VERSION}")]).stdout(Stdio::null());
        succeed(npm.current_dir(&unpacked))?;
        let mut tar = Command::new("tar");
        tar.args(["-xzf", &format!("axe-core-{VERSION}.tgz"), "package/axe.min.js", "package/LICENSE"]);
        succeed(tar.current_dir(&unpacked))?;
        // Write the script last and atomically, so that a concurrent run finds all of it or none.
        for file in ["LICENSE", "axe.min.js"] {
            fs::rename(unpacked.path().join("package").join(file), folder.join(file))?;
        }
    }
    Ok(script)
}
