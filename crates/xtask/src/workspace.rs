//! Where the workspace is, and how its cargo is called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A cargo command at the root of the workspace, with nothing to read from standard input.
///
/// It is the cargo that started this program, so that the pinned toolchain is the one that runs.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.stdin(Stdio::null());
    enter(&mut command);
    command
}

/// Has a command run at the root of the workspace.
pub(crate) fn enter(command: &mut Command) {
    command.current_dir(root());
}

/// The root of the workspace, two folders above this package.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn the_root_holds_the_lock_file() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
