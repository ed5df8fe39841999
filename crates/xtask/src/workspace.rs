//! Paths of the workspace, and how to run its commands.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use walkdir::WalkDir;

/// A cargo command in the root of the workspace, without standard input.
///
/// It is the cargo that started this program, so the pinned toolchain is used.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.stdin(Stdio::null()).current_dir(root());
    command
}

/// The root of the workspace, two folders above this package.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

/// Runs a command to its end. A failure of the command is an error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "failed ({status}): {command:?}");
    Ok(())
}

/// Runs a command to its end and returns its output. A failure of the command is an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "failed ({}): {command:?}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Removes a folder and its content, if it exists.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    Ok(())
}

/// Writes a file, and creates its folders.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let folders = path.parent().map_or(Ok(()), fs::create_dir_all);
    folders
        .and_then(|()| fs::write(path, content))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// Copies a file, and creates its folders.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, fs::read(from).with_context(|| format!("cannot read `{}`", from.display()))?)
}

/// The files below a folder, as relative paths, in name order.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(folder)?.to_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{output, succeed};

    #[test]
    fn a_failure_names_the_command() {
        assert_eq!(output(Command::new("echo").arg("said")).unwrap(), "said\n");
        for error in [
            succeed(&mut Command::new("false")).unwrap_err(),
            output(&mut Command::new("absent")).unwrap_err(),
        ] {
            assert!(
                error.to_string().contains("\"false\"") || error.to_string().contains("\"absent\""),
                "{error}"
            );
        }
    }
}
