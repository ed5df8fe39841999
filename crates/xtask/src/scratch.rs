//! The directory of one run, with its servers. The run removes it at the end, or the next run does.
//!
//! A run locks the file `lock` in its directory. The lock is released with the process, so an unlocked
//! directory belongs to a run that was killed.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use walkdir::WalkDir;

const PREFIX: &str = "orgcache-test-";
const LOCK: &str = "lock";

/// The file in the data directory of a running PostgreSQL server whose first line is the process id.
const PID_FILE: &str = "postmaster.pid";

/// The depth below a run's directory at which data directories are searched.
const DEEPEST_DATA: usize = 4;

/// How long a server may take to stop, and other processes to finish writing.
const STOPPING: Duration = Duration::from_secs(60);

/// A directory that no other run touches while this value lives.
///
/// Dropping it stops every PostgreSQL server whose data directory is inside, and removes the directory.
pub(crate) struct Scratch {
    directory: TempDir,
    #[cfg_attr(not(test), expect(dead_code, reason = "holds the lock while open"))]
    lock: File,
}

impl Scratch {
    /// Removes the directories of killed runs, and creates a new one in the system's temporary directory.
    pub(crate) fn create() -> Result<Self> {
        let base = std::env::temp_dir();
        // The path as the kernel and processes in it see it.
        let base = base.canonicalize().with_context(|| format!("there is no `{}`", base.display()))?;
        remove_leftovers(&base)?;
        let make = || {
            // If this process is root, servers run as another user, who may enter the directory but not list
            // it.
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o711))
                .tempdir_in(&base)?;
            let unlocked = directory.path().join("unlocked");
            let lock = File::create(&unlocked)?;
            lock.lock()?;
            // A directory with this file name is always locked while its run lives.
            fs::rename(unlocked, directory.path().join(LOCK))?;
            let scratch = Self { directory, lock };
            fs::create_dir(scratch.temporary())?;
            fs::set_permissions(scratch.temporary(), Permissions::from_mode(0o1777))?;
            std::io::Result::Ok(scratch)
        };
        make().with_context(|| format!("cannot create a directory in `{}`", base.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A temporary directory for the tests, writable by all users like `/tmp`.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// Stops the servers inside and removes the directory.
    pub(crate) fn remove(self) -> Result<()> {
        remove(self.path())
    }

    /// Leaves everything as a killed process would.
    #[cfg(test)]
    pub(crate) fn abandon(self) {
        // A child that is just being started may hold a copy of the open file.
        self.lock.unlock().unwrap();
        std::mem::forget(self);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.path().exists()
            && let Err(error) = remove(self.path())
        {
            eprintln!("warning: {error:#}");
        }
    }
}

/// Removes the directories of this user's killed runs. If that fails, warns and leaves them to the next run.
fn remove_leftovers(base: &Path) -> Result<()> {
    for entry in fs::read_dir(base).with_context(|| format!("cannot read `{}`", base.display()))?.flatten() {
        let is_run = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let is_ours = |metadata: fs::Metadata| metadata.is_dir() && metadata.uid() == geteuid().as_raw();
        if !is_run || !entry.metadata().is_ok_and(is_ours) {
            continue;
        }
        let path = entry.path();
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            eprintln!("removing the directory of an earlier run: {}", path.display());
            if let Err(error) = remove(&path) {
                eprintln!("warning: {error:#}");
            }
        }
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    for data in data_directories(directory) {
        stop_server(&data).with_context(|| format!("cannot stop the server in `{}`", data.display()))?;
    }
    let deadline = Instant::now() + STOPPING;
    loop {
        match fs::remove_dir_all(directory) {
            // A browser that a test has just killed may still write files.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            outcome => {
                return outcome.with_context(|| format!("cannot remove `{}`", directory.display()));
            }
        }
    }
}

/// Stops the server of a data directory, without waiting for its clients.
fn stop_server(data: &Path) -> Result<()> {
    let Some(server) = server_of(data) else { return Ok(()) };
    kill_process(server, Signal::QUIT)?;
    let deadline = Instant::now() + STOPPING;
    while server_of(data).is_some() {
        ensure!(Instant::now() < deadline, "it still runs after {} seconds", STOPPING.as_secs());
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The process id in a data directory, if that process is its server.
///
/// After a crash the id may belong to another process. A server's working directory is its data directory,
/// which Linux reveals; on other systems the id must suffice.
fn server_of(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join(PID_FILE)).ok()?;
    let process: i32 = text.lines().next()?.trim().parse().ok()?;
    let works_here = |directory: PathBuf| directory == data;
    let is_server =
        !cfg!(target_os = "linux") || fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(works_here);
    if process > 0 && is_server { Pid::from_raw(process) } else { None }
}

/// The directories in `root`, down to a few levels, in which a server was started. Links are not followed.
fn data_directories(root: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(root).max_depth(DEEPEST_DATA + 1).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_name() == PID_FILE && entry.file_type().is_file());
    files.filter_map(|file| file.path().parent().map(Path::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::process::{self, Command};

    use tempfile::tempdir;

    use super::{LOCK, PID_FILE, PREFIX, data_directories, remove_leftovers, server_of};

    #[test]
    fn only_unlocked_directories_are_removed() {
        let base = tempdir().unwrap();
        let make = |name: &str| {
            let path = base.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).unwrap();
            (File::create(path.join(LOCK)).unwrap(), path)
        };
        let (running, in_use) = make("running");
        running.lock().unwrap();
        let (killed, leftover) = make("killed");
        drop(killed);
        let starting = base.path().join(format!("{PREFIX}starting"));
        fs::create_dir(&starting).unwrap();
        let link = base.path().join(format!("{PREFIX}link"));
        let target = tempdir().unwrap();
        File::create(target.path().join(LOCK)).unwrap();
        symlink(target.path(), &link).unwrap();
        remove_leftovers(base.path()).unwrap();
        assert!(!leftover.exists());
        for path in [&in_use, &starting, &link] {
            assert!(path.exists(), "{}", path.display());
        }
        drop(running);
        remove_leftovers(base.path()).unwrap();
        assert!(!in_use.exists());
    }

    #[test]
    fn data_directories_are_found_to_a_depth_without_following_links() {
        let root = tempdir().unwrap();
        for name in ["postgres", "tmp/a/data", "1/2/3/4", "1/2/3/5/6"] {
            fs::create_dir_all(root.path().join(name)).unwrap();
            fs::write(root.path().join(name).join(PID_FILE), "1\n").unwrap();
        }
        symlink(root.path().join("postgres"), root.path().join("link")).unwrap();
        let mut found = data_directories(root.path());
        found.sort();
        assert_eq!(found, ["1/2/3/4", "postgres", "tmp/a/data"].map(|name| root.path().join(name)));
    }

    #[test]
    fn a_process_in_another_directory_is_not_the_server() {
        let folder = tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap();
        for text in ["", "x\n", "-1\n", "0\n", "99999999999\n"] {
            fs::write(data.join(PID_FILE), text).unwrap();
            assert!(server_of(&data).is_none(), "{text:?}");
        }
        if cfg!(target_os = "linux") {
            fs::write(data.join(PID_FILE), format!("{}\n", process::id())).unwrap();
            assert!(server_of(&data).is_none(), "this process works elsewhere");
            let mut child = Command::new("sleep").arg("600").current_dir(&data).spawn().unwrap();
            fs::write(data.join(PID_FILE), format!("{}\n", child.id())).unwrap();
            assert!(server_of(&data).is_some());
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(server_of(&data).is_none());
        }
    }
}
