//! `FileLock`: one process per file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Keeps other stores away from an SQLite file for as long as this value lives. The operating system releases
/// the lock when the process ends in any way.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Locks a file next to the database. The lock file is empty and never removed: removing it could race
    /// with a process that is about to lock it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::lock(database, &options)
    }

    /// Fails if [`take`](Self::take) would fail, and creates no file.
    pub(super) fn try_take(database: &Path) -> Result<(), StoreError> {
        if !lock_file(database).exists() {
            return Ok(());
        }
        Self::lock(database, OpenOptions::new().write(true)).map(drop)
    }

    fn lock(database: &Path, options: &OpenOptions) -> Result<Self, StoreError> {
        let path = lock_file(database);
        let fail = |cause| StoreError::Lock { file: path.clone(), cause };
        let file = options.open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(FileLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { file: database.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
    }
}

/// The same lock file for all names of the database: links are followed first.
fn lock_file(database: &Path) -> PathBuf {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let mut name = real.into_os_string();
    name.push("-orgcache-lock");
    name.into()
}
