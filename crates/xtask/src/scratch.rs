//! The directory of one test run, which takes its servers with it when it goes.
//!
//! A run makes `orgcache-test-PID-RANDOM` in the system's temporary directory and holds a lock on the file
//! of the same name with `.lock` behind it. The lock falls with the process however that ends, so a lock
//! that can be taken means leftovers: the next run stops the servers in there and removes the directory. A
//! process id alone would not do, as it may have been given to another process since.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};
use rustix::process::geteuid;

use crate::postgres::Programs;

const PREFIX: &str = "orgcache-test-";
const LOCK_SUFFIX: &str = ".lock";

/// A directory that no other run touches while this value lives.
///
/// Dropped, it stops every PostgreSQL server whose data directory is inside, and is removed.
pub(crate) struct Scratch {
    lock: Lock,
    programs: Programs,
    removed: bool,
}

impl Scratch {
    /// Makes a new one in the system's temporary directory.
    pub(crate) fn create(programs: &Programs) -> Result<Self> {
        let base = base()?;
        let lock =
            Lock::create(&base).with_context(|| format!("cannot lock a file in `{}`", base.display()))?;
        let scratch = Self { lock, programs: programs.clone(), removed: false };
        // Servers run as another user where this process is root: they may pass, and not look around.
        create_directory(scratch.path(), 0o711)?;
        create_directory(&scratch.temporary(), 0o1777)?;
        Ok(scratch)
    }

    /// Removes what runs left behind that could not do it themselves.
    ///
    /// What cannot be removed is no obstacle: it is said, and left to the next run.
    pub(crate) fn remove_leftovers(programs: &Programs) -> Result<()> {
        for lock in Lock::stale(&base()?)? {
            let leftover = Self { lock, programs: programs.clone(), removed: false };
            eprintln!("removing what an earlier run left in {}", leftover.path().display());
            if let Err(error) = leftover.remove() {
                eprintln!("warning: {error:#}");
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.lock.directory
    }

    /// A temporary directory for the tests, open to all users as `/tmp` is.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// Leaves everything as it is, as a process does that is killed.
    #[cfg(test)]
    pub(crate) fn abandon(mut self) {
        self.lock.let_go();
        self.removed = true;
    }

    /// Stops the servers inside and removes the directory.
    pub(crate) fn remove(mut self) -> Result<()> {
        self.clean()
    }

    fn clean(&mut self) -> Result<()> {
        self.removed = true;
        let path = self.path();
        self.programs.stop_servers(path)?;
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", path.display()));
            }
            _ => {}
        }
        // Last, so that a directory without a lock never exists.
        fs::remove_file(&self.lock.lock_file)
            .with_context(|| format!("cannot remove `{}`", self.lock.lock_file.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.removed
            && let Err(error) = self.clean()
        {
            eprintln!("warning: {error:#}");
        }
    }
}

/// The lock of one run, and the directory that it stands for.
struct Lock {
    lock_file: PathBuf,
    directory: PathBuf,
    /// Locked as long as it is open, which is as long as this value lives.
    #[cfg_attr(not(test), expect(dead_code, reason = "holding it is its use"))]
    held: File,
}

impl Lock {
    fn create(base: &Path) -> io::Result<Self> {
        loop {
            let directory = base.join(format!("{PREFIX}{}-{}", process::id(), random_hex()?));
            let path = lock_path(&directory);
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            // Before it was locked, another run may have taken the file for a leftover.
            if file.try_lock().is_ok() && path.exists() {
                return Ok(Self { lock_file: path, directory, held: file });
            }
        }
    }

    /// Unlocks at once, also where a child that is just being started holds a copy of the open file.
    #[cfg(test)]
    fn let_go(&self) {
        self.held.unlock().unwrap();
    }

    /// The locks in `base` that this user made and that no living process holds, by name.
    fn stale(base: &Path) -> Result<Vec<Self>> {
        let mut stale = Vec::new();
        for entry in fs::read_dir(base).with_context(|| format!("cannot read `{}`", base.display()))? {
            let Ok(entry) = entry else { continue };
            let Some(name) = entry.file_name().to_str().and_then(run_name).map(str::to_owned) else {
                continue;
            };
            // Not another user's: what is in there is theirs to stop, and not to be trusted.
            let is_ours = |metadata: fs::Metadata| metadata.is_file() && metadata.uid() == geteuid().as_raw();
            if !entry.metadata().is_ok_and(is_ours) {
                continue;
            }
            let path = entry.path();
            let Ok(file) = File::open(&path) else { continue };
            match file.try_lock() {
                Ok(()) => stale.push(Self { lock_file: path, directory: base.join(name), held: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock `{}`", path.display()));
                }
            }
        }
        stale.sort_by(|a, b| a.lock_file.cmp(&b.lock_file));
        Ok(stale)
    }
}

/// Creates a directory with exactly these permissions, whatever this process's mask takes away.
fn create_directory(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        .with_context(|| format!("cannot create `{}`", path.display()))
}

/// The system's temporary directory, by the name under which the kernel knows it.
fn base() -> Result<PathBuf> {
    let base = std::env::temp_dir();
    base.canonicalize().with_context(|| format!("cannot find the temporary directory `{}`", base.display()))
}

fn lock_path(directory: &Path) -> PathBuf {
    let mut path = directory.as_os_str().to_owned();
    path.push(LOCK_SUFFIX);
    path.into()
}

/// The name of the directory that a lock file of this name stands for.
fn run_name(lock_name: &str) -> Option<&str> {
    let name = lock_name.strip_suffix(LOCK_SUFFIX)?;
    let (process, random) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_process = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    let is_random = random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_process && is_random).then_some(name)
}

/// 128 random bits of the system as 32 hexadecimal digits.
pub(crate) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::PathBuf;

    use super::{Lock, PREFIX, lock_path, random_hex, run_name};

    /// A directory of its own for a test, gone at its end.
    struct Base(PathBuf);

    impl Base {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("xtask-{}", random_hex().unwrap()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Base {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_lock_in_use_is_not_stale_and_a_lock_let_go_is() {
        let base = Base::new();
        let lock = Lock::create(&base.0).unwrap();
        assert!(Lock::stale(&base.0).unwrap().is_empty());
        let (path, directory) = (lock.lock_file.clone(), lock.directory.clone());
        lock.let_go();
        drop(lock);
        let stale = Lock::stale(&base.0).unwrap();
        assert_eq!(stale.len(), 1);
        assert_eq!((&stale[0].lock_file, &stale[0].directory), (&path, &directory));
        assert!(Lock::stale(&base.0).unwrap().is_empty(), "a second run does not get it at the same time");
    }

    #[test]
    fn what_is_not_a_lock_of_a_run_is_left_alone() {
        let base = Base::new();
        let name = format!("{PREFIX}12-{}", random_hex().unwrap());
        fs::create_dir(lock_path(&base.0.join(&name))).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", lock_path(&base.0.join(format!("{PREFIX}13-{:032x}", 7))))
            .unwrap();
        for file in [name.as_str(), "orgcache-test-1.lock", "other.lock"] {
            File::create(base.0.join(file)).unwrap();
        }
        assert!(Lock::stale(&base.0).unwrap().is_empty());
    }

    #[test]
    fn lock_names_are_read_strictly() {
        let name = format!("{PREFIX}12-{:032x}", 255);
        assert_eq!(run_name(&format!("{name}.lock")), Some(name.as_str()));
        for other in [
            name.clone(),
            format!("{PREFIX}-{:032x}.lock", 255),
            format!("{PREFIX}1x-{:032x}.lock", 255),
            format!("{PREFIX}12-{:031x}.lock", 255),
            format!("{PREFIX}12-../{:029x}.lock", 255),
            format!("x{name}.lock"),
        ] {
            assert_eq!(run_name(&other), None, "{other}");
        }
    }

    #[test]
    fn random_digits_differ() {
        let digits = random_hex().unwrap();
        assert_eq!(digits.len(), 32);
        assert_ne!(digits, random_hex().unwrap());
    }
}
