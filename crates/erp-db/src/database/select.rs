//! `Select`: a statement of many rows.

use super::DatabaseKind;

/// A statement whose rows are all texts, and may be many.
///
/// It can be sent row by row, or packed: then all rows come in one text, as arrays in JSON, one below the
/// other. Packed rows can be part of another statement, compared as a whole, and read faster: each row of
/// SQLite is handed from the driver's thread to the one that asks, which takes longer than reading it.
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

    /// The statement that gives them in one text; null for no row.
    pub(crate) fn packed(&self, kind: DatabaseKind) -> String {
        let from = self.from;
        match kind {
            DatabaseKind::Sqlite => {
                // Bytes may happen to be JSON in SQLite's binary form, and would be read as that. These
                // never are.
                let not_bytes = |column: &&str| format!("iif(typeof({column}) = 'blob', x'ff', {column})");
                let columns: Vec<String> = self.columns.iter().map(not_bytes).collect();
                format!("SELECT group_concat(json_array({}), char(10)) FROM {from}", columns.join(", "))
            }
            // An array has one type: where a column is no text the statement is refused, as the null at the
            // end is one. The order makes equal rows equal texts, whatever the plan.
            DatabaseKind::Postgres => format!(
                "SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE \"C\") FROM \
                 (SELECT CAST(pg_catalog.to_json(ARRAY[{}, CAST(NULL AS pg_catalog.text)]) AS pg_catalog.text) AS j \
                 FROM {from}) packed",
                self.columns.join(", ")
            ),
        }
    }
}
