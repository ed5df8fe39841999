//! `Select`: a statement whose rows can be packed into one text.

/// A statement that may return many rows, with text columns only.
///
/// It can be sent row by row, or packed (see [`Dialect::packed`](super::Dialect)): then all rows come in one
/// text, one JSON array per line. Packed rows can be part of another statement, compared as a whole, and read
/// faster: SQLite's driver hands each row from its own thread to the caller's, which takes longer than
/// parsing the row.
pub(crate) struct Select {
    /// The text between `SELECT` and `FROM`.
    pub(crate) columns: &'static [&'static str],
    /// The text after `FROM`.
    pub(crate) from: &'static str,
}

impl Select {
    /// The statement that returns the rows one by one.
    pub(crate) fn one_by_one(&self) -> String {
        format!("SELECT {} FROM {}", self.columns.join(", "), self.from)
    }
}
