//! The Python packages of the tests and measurements, in a virtual environment of their own.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, succeed};

/// The environment variable that tells tests and measurements which interpreter has the packages.
pub(crate) const VARIABLE: &str = "ORGCACHE_TEST_PYTHON";

/// What the tests need of Python, from the root of the workspace.
const TESTS: &str = "tests/python/requirements.txt";

/// What a wheel for other machines is built with.
const WHEEL: &str = "crates/python/requirements.txt";

/// The interpreter with the packages, by any Python of the machine.
pub(crate) fn interpreter() -> Result<PathBuf> {
    let python = locate()?.context("there is no Python 3 with `venv` on this machine")?;
    environment(&python).context("the Python packages cannot be had")
}

/// The interpreter with the packages that build a wheel.
pub(crate) fn wheel_builder() -> Result<PathBuf> {
    let python = locate()?.context("there is no Python 3 with `venv` on this machine")?;
    with_packages(&python, WHEEL, "python-wheel").context("the Python packages cannot be had")
}

/// Finds a Python that can make virtual environments.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    if let Some(program) = env::var_os("ORGCACHE_PYTHON").map(PathBuf::from) {
        if !makes_environments(&program) {
            bail!("`{}`, named by ORGCACHE_PYTHON, is not a Python 3 with `venv`", program.display());
        }
        return Ok(Some(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&path).map(|folder| folder.join("python3"));
    Ok(programs.filter(|program| program.is_file()).find(|program| makes_environments(program)))
}

fn makes_environments(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import ensurepip, venv"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The interpreter with the packages of the tests.
pub(crate) fn environment(python: &Path) -> Result<PathBuf> {
    with_packages(python, TESTS, "python")
}

/// The interpreter of a virtual environment, which is made where it is missing or out of date.
fn with_packages(python: &Path, list: &str, name: &str) -> Result<PathBuf> {
    let requirements = workspace::root().join(list);
    let folder = workspace::target().join(name);
    // Held until this returns, so that concurrent runs find the environment finished.
    let lock = folder.with_extension("lock");
    fs::create_dir_all(workspace::target())?;
    let held = File::create(&lock).with_context(|| format!("cannot write `{}`", lock.display()))?;
    held.lock().with_context(|| format!("cannot lock `{}`", lock.display()))?;
    let interpreter = folder.join("bin/python");
    // Written last, so that an environment that was never finished does not pass for one.
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
    // What pip says is not part of the tests' output.
    succeed(pip.arg("--requirement").arg(&requirements).stdout(io::stderr()))?;
    fs::write(&finished, wanted).with_context(|| format!("cannot write `{}`", finished.display()))?;
    Ok(interpreter)
}
