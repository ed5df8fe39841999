//! Requirements for an SQLite file that stores sessions and password hashes.

use std::fs::{self, OpenOptions};
use std::path::Path;

use crate::backend::sqlite;
use crate::store::error::StoreError;

/// Creates the file of a URL with `mode=rwc`, readable and writable by its user only. SQLite creates its log
/// and its index with the same mode. Follows links, like SQLite.
pub(super) fn create(url: &str) -> Result<(), StoreError> {
    let file = sqlite::file_of(url)?;
    if !parameters(url).any(|parameter| parameter == "mode=rwc") || file.exists() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file).map(drop).map_err(|cause| StoreError::NotCreated { file, cause })
}

/// Refuses a file that is opened read-only, or that has hard links.
pub(super) fn check(url: &str) -> Result<(), StoreError> {
    let file = sqlite::file_of(url)?;
    if parameters(url).any(|parameter| parameter == "mode=ro" || parameter.starts_with("immutable=")) {
        return Err(StoreError::ReadOnly { file });
    }
    if names(&file) > 1 {
        return Err(StoreError::HardLinks { file });
    }
    Ok(())
}

fn parameters(url: &str) -> impl Iterator<Item = &str> {
    url.split_once('?').map_or("", |(_, parameters)| parameters).split('&')
}

/// The number of names of a file. Log and lock are found by one name only, so another process could miss them
/// by another name.
#[cfg(unix)]
fn names(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    // A folder has several names too. SQLite refuses it with a better message.
    fs::metadata(file).ok().filter(fs::Metadata::is_file).map_or(1, |metadata| metadata.nlink())
}

#[cfg(not(unix))]
fn names(_: &Path) -> u64 {
    1
}
