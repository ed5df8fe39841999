//! `Select`: a statement of many rows.

/// A statement whose rows are many, and all texts.
///
/// Each row of SQLite is handed from the driver's thread to the one that asks, which takes longer than
/// reading it. So SQLite is asked for all rows in one: as many arrays in JSON, one below the other.
pub(crate) struct Select {
    /// What is between `SELECT` and `FROM`.
    pub(crate) columns: &'static [&'static str],
    /// What is after `FROM`.
    pub(crate) from: &'static str,
}

impl Select {
    /// The statement that gives the rows one by one.
    pub(super) fn one_by_one(&self) -> String {
        format!("SELECT {} FROM {}", self.columns.join(", "), self.from)
    }

    /// The statement that gives them in one.
    #[cfg(feature = "sqlite")]
    pub(super) fn packed(&self) -> String {
        // Bytes may happen to be JSON in SQLite's binary form, and would be read as that. These never are.
        let not_bytes = |column: &&str| format!("iif(typeof({column}) = 'blob', x'ff', {column})");
        let columns: Vec<String> = self.columns.iter().map(not_bytes).collect();
        format!("SELECT group_concat(json_array({}), char(10)) FROM {}", columns.join(", "), self.from)
    }
}
