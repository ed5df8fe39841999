//! What an SQLite file has to be before it holds sessions and hashes of passwords.

use std::fs::{self, OpenOptions};
use std::path::Path;

use crate::backend::sqlite;
use crate::store::error::StoreError;

/// Makes the file of a URL that creates it (`mode=rwc`), readable and writable by its user alone. SQLite
/// makes its log and its index beside it with the same rights. Links are followed, as SQLite follows them.
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

/// Refuses a file that is opened for reading alone, or that has several names.
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

/// The names of a file. The log and the lock go by one of them: by another name they would not be found.
#[cfg(unix)]
fn names(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    // A folder has several, too: SQLite refuses it with better words.
    fs::metadata(file).ok().filter(fs::Metadata::is_file).map_or(1, |metadata| metadata.nlink())
}

#[cfg(not(unix))]
fn names(_: &Path) -> u64 {
    1
}
