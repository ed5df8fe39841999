//! `ImportError`: why nothing was imported.

use std::fmt;
use std::io;
use std::path::PathBuf;

use erp_db::StatementError;

/// A row of an imported file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// The file.
    pub file: String,
    /// The row within the file's array, from 1.
    pub row: u64,
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, row {}", self.file, self.row)
    }
}

/// Why nothing was imported. In every case the database is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file or folder cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// No file in the folder or its subfolders is named after a table.
    #[error(
        "there is nothing to import in `{}`: it and its folders contain no file named after a table, such as \
         `ad_org.json`",
        folder.display()
    )]
    NothingFound {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is larger than the limit.
    #[error("`{file}` is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The file.
        file: String,
        /// The most bytes that a file may have.
        limit: u64,
    },
    /// A file does not contain an array of objects.
    #[error("`{file}`{} is not a JSON array of objects: {cause}", at_row(*row))]
    Json {
        /// The file.
        file: String,
        /// The row at which reading ended, from 1; `None` if it ended before the first.
        row: Option<u64>,
        /// The error of the parser, with line and column.
        #[source]
        cause: serde_json::Error,
    },
    /// A value does not fit its column.
    #[error("{place}: column `{column}` {problem}")]
    Value {
        /// The row.
        place: RowPlace,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// A row has a value for a column that this database, of an older version, does not have.
    #[error(
        "{place}: table `{table}` of this database has no column `{column}`, and the row has a value for it"
    )]
    ColumnNotInDatabase {
        /// The row.
        place: RowPlace,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A row's key exists already, in the database or in the same import.
    #[error("{place}: `{table}` already has a row with the key `{key}`")]
    KeyExists {
        /// The row.
        place: RowPlace,
        /// The table.
        table: &'static str,
        /// The key.
        key: String,
    },
    /// A row refers to one that is neither in the database nor in the import.
    #[error("{place}: column `{column}` refers to `{value}`, which is not in `{table}`")]
    Reference {
        /// The row.
        place: RowPlace,
        /// The column.
        column: &'static str,
        /// What it refers to.
        value: String,
        /// The table that the column refers to.
        table: &'static str,
    },
    /// The database refused a row, or did not answer.
    #[error("{place}: {cause}")]
    Row {
        /// The row.
        place: RowPlace,
        /// The error of the database.
        #[source]
        cause: StatementError,
    },
    /// The process is shutting down, so the thread that reads the file did not run.
    #[error("`{file}` was not read: this process is shutting down")]
    ShuttingDown {
        /// The file.
        file: String,
    },
    /// The database did not answer, or refused a write.
    #[error(transparent)]
    Database(#[from] StatementError),
}

impl ImportError {
    /// Can a retry succeed while files and database stay the same?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            ImportError::Row { cause, .. } | ImportError::Database(cause) => cause.is_transient(),
            _ => false,
        }
    }
}

fn at_row(row: Option<u64>) -> String {
    row.map_or_else(String::new, |row| format!(", row {row},"))
}

/// Why a value does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// Null, or absent, where a value is required.
    #[error("must have a value")]
    Missing,
    /// The row names the column twice.
    #[error("occurs twice")]
    Repeated,
    /// Not a text.
    #[error("must be a text, not {found}")]
    NotText {
        /// The kind of JSON value that was found.
        found: &'static str,
    },
    /// Not a number.
    #[error("must be a number, not {found}")]
    NotNumber {
        /// The kind of JSON value that was found.
        found: &'static str,
    },
    /// Neither `"Y"` nor `"N"`.
    #[error("must be `Y` or `N`, not {found}")]
    NotFlag {
        /// The text that was found, or the kind of JSON value.
        found: String,
    },
    /// Not a date or a date with a time, or not a day of the calendar.
    #[error("must be a date or a date and a time without zone, as in `2018-02-23T15:04:05`, not {found}")]
    NotTimestamp {
        /// The text that was found, cut after 64 bytes.
        found: String,
    },
    /// An empty id.
    #[error("must not be empty")]
    Empty,
    /// An id that is too long.
    #[error("has {bytes} bytes, but an id has at most 32")]
    IdTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A text that is too long.
    #[error("has {characters} characters, but at most {limit} fit")]
    TooLong {
        /// Its length.
        characters: usize,
        /// The limit of the column.
        limit: usize,
    },
    /// A text with the character NUL, which PostgreSQL cannot store.
    #[error("contains a NUL character")]
    Nul,
}
