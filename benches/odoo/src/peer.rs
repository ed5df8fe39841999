//! The Python server, in a virtual environment of its own under the target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/requirements.txt");

/// The interpreter that has the server; it is installed where it is missing or out of date.
pub(crate) fn interpreter() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let folder = own.ancestors().nth(2).unwrap_or(Path::new(".")).join("python-odoo");
    let interpreter = folder.join("bin/python");
    // Written last, so that an environment that was never finished does not pass for one.
    let finished = folder.join("requirements.txt");
    let wanted = std::fs::read(REQUIREMENTS).context("the list of Python packages is missing")?;
    if std::fs::read(&finished).is_ok_and(|installed| installed == wanted) && interpreter.is_file() {
        return Ok(interpreter);
    }
    eprintln!("installing mcp-server-odoo in `{}`", folder.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    run(pip.args(["--requirement", REQUIREMENTS]))?;
    std::fs::write(&finished, wanted)?;
    Ok(interpreter)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    ensure!(status.context("python3 is missing")?.success(), "mcp-server-odoo cannot be installed");
    Ok(())
}
