//! Finds programs and other files from outside the workspace.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// Debian's folders of daemons, of Chromium's parts, and of jars.
const DEBIAN: [&str; 3] = ["/usr/sbin", "/usr/lib/chromium", "/usr/share/java"];

/// Finds a file that works: the one that an environment variable names, else the first in `PATH` or in
/// Debian's folders, by the first matching name.
pub(crate) fn locate(
    variable: &str,
    names: &[&str],
    what: &str,
    works: fn(&Path) -> bool,
) -> Result<Option<PathBuf>> {
    if let Some(chosen) = env::var_os(variable).map(PathBuf::from) {
        ensure!(works(&chosen), "`{}`, named by {variable}, is not {what}", chosen.display());
        return Ok(Some(chosen));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).chain(DEBIAN.map(PathBuf::from)).collect();
    Ok(find(&folders, names, works))
}

/// Finds any file of these names.
pub(crate) fn file(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    locate(variable, names, "a file", Path::is_file)
}

fn find(folders: &[PathBuf], names: &[&str], works: fn(&Path) -> bool) -> Option<PathBuf> {
    let mut candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|candidate| candidate.is_file() && works(candidate))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::find;

    #[test]
    fn the_first_name_wins_in_any_folder() {
        let root = tempfile::tempdir().unwrap();
        for (folder, program) in [("a", "second"), ("b", "first"), ("b", "second")] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(program), "").unwrap();
        }
        fs::create_dir(root.path().join("a/first")).unwrap();
        let folders = ["absent", "a", "b"].map(|name| root.path().join(name));
        let found = |names: &[&str]| find(&folders, names, Path::is_file);
        assert_eq!(found(&["first", "second"]), Some(root.path().join("b/first")));
        assert_eq!(found(&["third", "second"]), Some(root.path().join("a/second")));
        assert_eq!(found(&["no such program"]), None);
        assert_eq!(
            find(&folders, &["second"], |file| file.parent().is_some_and(|it| it.ends_with("b"))),
            Some(root.path().join("b/second")),
            "a file that does not work is skipped"
        );
    }
}
