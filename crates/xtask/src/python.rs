//! The Python packages of tests, measurements and the wheel, each list in its own virtual environment.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::locate;
use crate::workspace::{self, succeed};

/// The environment variable with the interpreter that has the packages, for tests and measurements.
pub(crate) const VARIABLE: &str = "ORGCACHE_TEST_PYTHON";

/// Finds a Python that can create virtual environments.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    locate::locate("ORGCACHE_PYTHON", &["python3"], "a Python 3 with `venv`", makes_environments)
}

fn makes_environments(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import ensurepip, venv"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The interpreter with the packages of the tests and measurements.
pub(crate) fn interpreter() -> Result<PathBuf> {
    with_packages("tests/python/requirements.txt", "python")
}

/// The interpreter with the packages that build a portable wheel.
pub(crate) fn wheel_builder() -> Result<PathBuf> {
    with_packages("crates/python/requirements.txt", "python-wheel")
}

/// The interpreter of a virtual environment, which is created if it is missing or outdated.
fn with_packages(list: &str, name: &str) -> Result<PathBuf> {
    let python = locate()?.context("there is no Python 3 with `venv` on this machine")?;
    let requirements = workspace::root().join(list);
    let folder = workspace::target().join(name);
    // Held until this returns, so that concurrent runs find a finished environment.
    let lock = folder.with_extension("lock");
    fs::create_dir_all(workspace::target())?;
    let held = File::create(&lock).with_context(|| format!("cannot write `{}`", lock.display()))?;
    held.lock().with_context(|| format!("cannot lock `{}`", lock.display()))?;
    let interpreter = folder.join("bin/python");
    // Written last, so that an unfinished environment is not used.
    let finished = folder.join("requirements.txt");
    let wanted =
        fs::read(&requirements).with_context(|| format!("cannot read `{}`", requirements.display()))?;
    if fs::read(&finished).is_ok_and(|installed| installed == wanted) && makes_environments(&interpreter) {
        return Ok(interpreter);
    }
    eprintln!("installing `{list}` in `{}`", folder.display());
    succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder).stdout(io::stderr()))?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    // pip's output is not part of the tests' output.
    succeed(pip.arg("--requirement").arg(&requirements).stdout(io::stderr()))?;
    workspace::write(&finished, wanted)?;
    Ok(interpreter)
}
