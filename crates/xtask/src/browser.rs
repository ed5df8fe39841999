//! The browser of the tests and the program that drives it: where they are.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Finds Chromium or Chrome.
pub(crate) fn locate_chromium() -> Result<Option<PathBuf>> {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    locate("ORGCACHE_CHROMIUM", &names)
}

/// Finds chromedriver, which has to be of the same version as the browser.
pub(crate) fn locate_driver() -> Result<Option<PathBuf>> {
    locate("ORGCACHE_CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"])
}

/// Finds a program: where the user says, in `PATH`, where Debian keeps what belongs to Chromium.
fn locate(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    if let Some(program) = env::var_os(variable).map(PathBuf::from) {
        if !program.is_file() {
            bail!("`{}`, named by {variable}, is not a program", program.display());
        }
        return Ok(Some(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(find(&path, names))
}

/// The first of the names that is a file in a directory of the path, or else in Debian's.
fn find(path: &OsStr, names: &[&str]) -> Option<PathBuf> {
    let directories: Vec<_> = env::split_paths(path).chain([Path::new("/usr/lib/chromium").into()]).collect();
    let mut candidates =
        names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    candidates.find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;

    use super::find;
    use crate::scratch::random_hex;

    #[test]
    fn the_first_name_wins_wherever_in_the_path_it_is() {
        let root = env::temp_dir().join(format!("xtask-{}", random_hex().unwrap()));
        for (folder, program) in [("a", "second"), ("b", "first"), ("b", "second")] {
            fs::create_dir_all(root.join(folder)).unwrap();
            fs::write(root.join(folder).join(program), "").unwrap();
        }
        fs::create_dir(root.join("a/first")).unwrap();
        let path = env::join_paths([root.join("absent"), root.join("a"), root.join("b")]).unwrap();
        assert_eq!(find(&path, &["first", "second"]), Some(root.join("b/first")));
        assert_eq!(find(&path, &["third", "second"]), Some(root.join("a/second")));
        assert_eq!(find(&path, &["no such program of anybody"]), None);
        fs::remove_dir_all(root).unwrap();
    }
}
