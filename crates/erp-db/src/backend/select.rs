//! `Select`: a statement whose rows can come in one text.

/// A statement whose rows are all texts, and may be many.
///
/// It can be sent row by row, or packed (see [`Dialect::packed`](super::Dialect)): then all rows come in one
/// text, as arrays in JSON, one below the other. Packed rows can be part of another statement, compared as a
/// whole, and read faster: each row of SQLite is handed from the driver's thread to the one that asks, which
/// takes longer than reading it.
pub(crate) struct Select {
    /// What is between `SELECT` and `FROM`.
    pub(crate) columns: &'static [&'static str],
    /// What is after `FROM`.
    pub(crate) from: &'static str,
}

impl Select {
    /// The statement that gives the rows one by one.
    pub(crate) fn one_by_one(&self) -> String {
        format!("SELECT {} FROM {}", self.columns.join(", "), self.from)
    }
}
