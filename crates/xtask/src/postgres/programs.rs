//! PostgreSQL's server programs: where they are, and how they are run.

use std::env;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Account;

/// Names the directory of the programs where they are to be taken from a place of the user's choice.
pub(crate) const OVERRIDE: &str = "ORGCACHE_PG_BIN";

const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The file of a running server in its data directory; its first line is the process id.
const PID_FILE: &str = "postmaster.pid";

/// How deep below a scratch directory a server's data directory is looked for.
const DEEPEST_DATA: usize = 4;

/// A directory with the programs of one PostgreSQL version.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// The programs in a directory that [`locate`] found.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// The version, as `postgres` names itself.
    pub(crate) fn version(&self) -> Result<String> {
        self.run("postgres", &["--version"], None, Path::new("/"))
    }

    /// Runs a program to its end and returns what it printed; its complaint is the error.
    pub(crate) fn run(
        &self,
        program: &str,
        arguments: &[&str],
        account: Option<Account>,
        directory: &Path,
    ) -> Result<String> {
        let mut command = Command::new(self.directory.join(program));
        command.args(arguments).current_dir(directory).stdin(Stdio::null());
        // A group of its own: Ctrl-C reaches this process, which then stops what it started in order.
        command.process_group(0);
        // The messages are read, and settings of the user's own databases are not meant for this one.
        command.env("LC_ALL", "C");
        for (name, _) in env::vars_os().filter(|(name, _)| is_client_setting(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        if let Some(account) = account {
            account.run(&mut command);
        }
        let output = command.output().with_context(|| {
            format!("cannot run `{}` in `{}`", self.directory.join(program).display(), directory.display())
        })?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("{program} failed ({}): {}", output.status, complaint.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Stops every server whose data directory is somewhere in `directory`, at once and without grace.
    pub(crate) fn stop_servers(&self, directory: &Path) -> Result<()> {
        for data in data_directories(directory) {
            if !is_served(&data) {
                continue;
            }
            let owner = fs::metadata(&data).ok().as_ref().and_then(Account::owner);
            let data_text = data.to_str().with_context(|| format!("cannot name `{}`", data.display()))?;
            self.run("pg_ctl", &["stop", "-D", data_text, "-m", "immediate", "-w", "-t", "60"], owner, &data)
                .with_context(|| format!("cannot stop the server in `{data_text}`"))?;
        }
        Ok(())
    }
}

/// Whether an environment variable is one of those that PostgreSQL's clients and tools read.
pub(crate) fn is_client_setting(name: &str) -> bool {
    name.starts_with("PG") && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Finds the programs: where the user says, in `PATH`, where Debian keeps them, where `pg_config` says.
pub(crate) fn locate() -> Result<Option<PathBuf>> {
    if let Some(directory) = env::var_os(OVERRIDE).map(PathBuf::from) {
        if !is_complete(&directory) {
            bail!("`{}`, named by {OVERRIDE}, lacks one of {}", directory.display(), NEEDED.join(", "));
        }
        return Ok(Some(directory));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).filter_map(|directory| {
        // A link leads to the directory in which the programs find each other and their data.
        directory.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned)
    });
    let mut candidates = in_path.chain(versions(Path::new(DEBIAN))).chain(configured());
    Ok(candidates.find(|directory| is_complete(directory)))
}

fn is_complete(directory: &Path) -> bool {
    NEEDED.iter().all(|program| directory.join(program).is_file())
}

/// The `bin` directories of all versions below `root`, newest first.
fn versions(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major = entry.file_name().to_str()?.split('.').next()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, directory)| directory).collect()
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().into())
}

/// The directories in `root`, down to a few levels, that a server has started in. Links are not followed.
fn data_directories(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = open.pop() {
        if directory.join(PID_FILE).is_file() {
            found.push(directory);
        } else if depth < DEEPEST_DATA {
            let entries = fs::read_dir(&directory).into_iter().flatten().filter_map(io::Result::ok);
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            open.extend(folders.map(|entry| (entry.path(), depth + 1)));
        }
    }
    found.sort();
    found
}

/// Whether the process that a data directory names is really a server in there.
///
/// After a crash the id may have been given to another process, which must not be hit. A server works in
/// its data directory, and Linux tells; elsewhere the id has to do.
fn is_served(data: &Path) -> bool {
    let Ok(text) = fs::read_to_string(data.join(PID_FILE)) else { return false };
    let Some(process) = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else {
        return false;
    };
    if cfg!(target_os = "linux") {
        fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|directory| directory == data)
    } else {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::process;

    use super::{PID_FILE, data_directories, is_client_setting, is_served, versions};
    use crate::scratch::random_hex;

    fn folder() -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-{}", random_hex().unwrap()));
        fs::create_dir(&path).unwrap();
        path.canonicalize().unwrap()
    }

    #[test]
    fn newer_versions_come_first_by_number() {
        let root = folder();
        for name in ["9.6", "15", "17", "debug"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let expected: Vec<_> = ["17", "15", "9.6"].iter().map(|name| root.join(name).join("bin")).collect();
        assert_eq!(versions(&root), expected);
        assert!(versions(&root.join("absent")).is_empty());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn data_directories_are_found_to_a_depth_and_not_behind_links() {
        let root = folder();
        for name in ["postgres", "tmp/a/data", "1/2/3/4", "1/2/3/5/6"] {
            fs::create_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name).join(PID_FILE), "1\n").unwrap();
        }
        std::os::unix::fs::symlink(root.join("postgres"), root.join("link")).unwrap();
        let expected: Vec<_> =
            ["1/2/3/4", "postgres", "tmp/a/data"].iter().map(|name| root.join(name)).collect();
        assert_eq!(data_directories(&root), expected);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_process_that_works_elsewhere_is_no_server_of_this_directory() {
        let data = folder();
        assert!(!is_served(&data), "no process id at all");
        for text in ["", "x\n", "-1\n", "99999999999\n"] {
            fs::write(data.join(PID_FILE), text).unwrap();
            assert!(!is_served(&data), "{text:?}");
        }
        if cfg!(target_os = "linux") {
            fs::write(data.join(PID_FILE), format!("{}\n", process::id())).unwrap();
            assert!(!is_served(&data), "this very process works elsewhere");
            let mut child = process::Command::new("sleep").arg("600").current_dir(&data).spawn().unwrap();
            fs::write(data.join(PID_FILE), format!("{}\n", child.id())).unwrap();
            assert!(is_served(&data));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(!is_served(&data));
        }
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn settings_of_clients_are_told_from_other_variables() {
        assert!(is_client_setting("PGHOST"));
        assert!(!is_client_setting("PG_COLOR_THEME_OF_MINE"));
        assert!(!is_client_setting("PATH"));
        assert!(!is_client_setting("ORGCACHE_PG_BIN"));
    }
}
