//! `Source`: where the rows of a table come from.

#[cfg(feature = "demo")]
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use erp_db::tables::{TABLES, Table};

use crate::error::ImportError;
use crate::file::{self, Rows};

/// The largest file that an import reads: 64 MiB, some hundred thousand rows.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// The rows of a table, as unparsed JSON.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) table: &'static Table,
    content: Content,
}

#[derive(Debug)]
enum Content {
    File(PathBuf),
    #[cfg(feature = "demo")]
    Embedded {
        name: &'static str,
        json: Cow<'static, str>,
    },
}

impl Source {
    /// Rows that are embedded in this program.
    #[cfg(feature = "demo")]
    pub(crate) fn embedded(
        table: &str,
        name: &'static str,
        json: impl Into<Cow<'static, str>>,
    ) -> Option<Self> {
        let content = Content::Embedded { name, json: json.into() };
        Some(Source { table: Table::named(table)?, content })
    }

    /// The source's name in messages.
    pub(super) fn name(&self) -> String {
        match &self.content {
            Content::File(path) => path.display().to_string(),
            #[cfg(feature = "demo")]
            Content::Embedded { name, .. } => (*name).to_owned(),
        }
    }

    /// Reads and checks all rows.
    pub(super) fn rows(&self) -> Result<Rows, ImportError> {
        match &self.content {
            Content::File(path) => file::rows(self.table, &self.name(), &read(path)?),
            #[cfg(feature = "demo")]
            Content::Embedded { name, json } => file::rows(self.table, name, json.as_bytes()),
        }
    }
}

/// Finds the files of a folder and its subfolders, ordered by table, then by folder.
pub(super) fn find(folder: &Path) -> Result<Vec<Source>, ImportError> {
    let mut folders = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))? {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort_unstable();
    let mut sources = Vec::new();
    for table in TABLES {
        for folder in &folders {
            let path = folder.join(table.name).with_extension("json");
            // Not `exists`, which is false for a dangling link and for a file without permission.
            match fs::symlink_metadata(&path) {
                Ok(_) => sources.push(Source { table, content: Content::File(path) }),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(unreadable(&path, cause)),
            }
        }
    }
    if sources.is_empty() {
        return Err(ImportError::NothingFound { folder: folder.to_owned() });
    }
    Ok(sources)
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let fail = |cause| unreadable(path, cause);
    // Check the type first: opening a pipe would block until it has a writer.
    if !fs::metadata(path).map_err(fail)?.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(fail)?;
    if u64::try_from(content.len()).is_ok_and(|bytes| bytes <= MAX_FILE_BYTES) {
        Ok(content)
    } else {
        Err(ImportError::TooLarge { file: path.display().to_string(), limit: MAX_FILE_BYTES })
    }
}

fn unreadable(path: &Path, cause: io::Error) -> ImportError {
    ImportError::Unreadable { path: path.to_owned(), cause }
}
