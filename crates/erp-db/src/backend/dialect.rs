//! `Dialect`: the SQL that differs between the databases.

use super::{DatabaseKind, Select};
#[cfg(feature = "session")]
use crate::revisions::Tables;

/// The SQL of one database where it differs from the other's. All other SQL is shared.
pub(crate) struct Dialect {
    pub(crate) kind: DatabaseKind,
    /// Selects the time in milliseconds since 1970.
    pub(crate) now: &'static str,
    /// Selects the columns of `{tables}`, see [`Schema`](crate::erp::Schema).
    pub(crate) catalog: &'static str,
    /// The prefix of a table name that keeps a query of the same name from hiding the table.
    pub(crate) schema: &'static str,
    /// The prefix of our own tables.
    pub(crate) own_schema: &'static str,
    /// The clause that orders texts of a column by their bytes.
    pub(crate) by_bytes: &'static str,
    /// Does the database have schemas, and privileges on tables?
    pub(crate) has_schemas: bool,
    /// Selects the encoding of the database's texts, if there are several.
    pub(crate) encoding: Option<&'static str>,
    /// Casts a value to a text that compares byte for byte.
    pub(crate) as_text: fn(&str) -> String,
    /// The statement that returns all rows in one text; null for no rows.
    pub(crate) packed: fn(&Select) -> String,
    /// Converts a packed statement to an expression that identifies its text: the SHA-256 in hexadecimal
    /// digits, or the text itself if no network is involved.
    pub(crate) digest: fn(&str) -> String,
    #[cfg(feature = "session")]
    pub(crate) revisions: RevisionDialect,
    #[cfg(feature = "session")]
    pub(crate) store: StoreDialect,
}

/// The SQL of [`revisions`](crate::revisions).
#[cfg(feature = "session")]
pub(crate) struct RevisionDialect {
    /// Takes a lock that only one transaction at a time can hold.
    pub(crate) lock: Option<&'static str>,
    /// Selects the schema and kind of each watched table.
    pub(crate) tables: &'static str,
    /// Returns a row if there are counters of this version that this user may read.
    pub(crate) counters_exist: &'static str,
    /// Returns a row if there is a trigger of any version.
    pub(crate) installed: &'static str,
    /// Selects the number of active triggers of this version, a text for their state, and the counters of all
    /// clients and of client `$1` with their marks.
    pub(crate) state: &'static str,
    /// The number of triggers.
    pub(crate) triggers: i64,
    /// If the first statement returns a row, run the second before everything else.
    pub(crate) prepare: (&'static str, &'static str),
    /// Returns a row if there is nothing to remove.
    pub(crate) absent: Option<&'static str>,
    /// The statements that install everything, one by one.
    pub(crate) install: fn(&Tables<'_>) -> Vec<String>,
    /// The statements that remove everything.
    pub(crate) remove: fn() -> Vec<String>,
}

#[cfg(feature = "session")]
impl RevisionDialect {
    /// The statement for the state of triggers and counters, and an expression about the same client.
    pub(crate) fn with_state(&self, expression: &str) -> String {
        format!("SELECT s.triggers, s.installed, s.every, s.own, {expression} FROM ({}) s", self.state)
    }
}

/// The SQL of the session store's tables.
#[cfg(feature = "session")]
pub(crate) struct StoreDialect {
    /// Takes a lock that only one transaction at a time can hold.
    pub(crate) lock: Option<&'static str>,
    /// If the first statement returns a row, the second creates the schema.
    pub(crate) schema: Option<(&'static str, &'static str)>,
    /// Creates the table of applied migration steps.
    pub(crate) journal: &'static str,
    /// Returns a row if that table exists.
    pub(crate) has_journal: &'static str,
    /// The steps, in order.
    pub(crate) scripts: &'static [&'static str],
    /// Sends the text `$1` to the other nodes when the transaction is committed.
    pub(crate) notify: Option<(&'static str, NotificationText)>,
}

/// Formats the notification that the sessions of a scope ended.
#[cfg(feature = "session")]
pub(crate) type NotificationText = fn(&session::Scope) -> String;
