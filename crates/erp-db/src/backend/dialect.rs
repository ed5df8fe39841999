//! `Dialect`: the words of a product.

use super::{DatabaseKind, Select};
#[cfg(feature = "session")]
use crate::revisions::Tables;

/// What a product calls things. Everything else is said in the same words to both.
pub(crate) struct Dialect {
    pub(crate) kind: DatabaseKind,
    /// Gives the time in milliseconds since 1970.
    pub(crate) now: &'static str,
    /// Gives the columns of `{tables}`, see [`Schema`](crate::erp::Schema).
    pub(crate) catalog: &'static str,
    /// What precedes the name of a table so that no query of that name hides it.
    pub(crate) schema: &'static str,
    /// What precedes the names of our own tables.
    pub(crate) own_schema: &'static str,
    /// What makes texts of a column be ordered by their bytes.
    pub(crate) by_bytes: &'static str,
    /// Whether tables are in schemas, and users need rights on them.
    pub(crate) has_schemas: bool,
    /// Gives the encoding of the database's texts, where there are several.
    pub(crate) encoding: Option<&'static str>,
    /// A value as a text that compares byte for byte.
    pub(crate) as_text: fn(&str) -> String,
    /// The statement that gives all rows in one text; null for no row.
    pub(crate) packed: fn(&Select) -> String,
    /// From a packed statement, an expression that tells its text from others: its SHA-256 in hexadecimal
    /// digits, or the text itself where nothing is sent.
    pub(crate) digest: fn(&str) -> String,
    #[cfg(feature = "session")]
    pub(crate) revisions: RevisionWords,
    #[cfg(feature = "session")]
    pub(crate) store: StoreWords,
}

/// The words of [`revisions`](crate::revisions).
#[cfg(feature = "session")]
pub(crate) struct RevisionWords {
    /// Takes the lock of which only one transaction at a time has one.
    pub(crate) lock: Option<&'static str>,
    /// Where each of the watched tables is, and what it is.
    pub(crate) tables: &'static str,
    /// Has a row if there are counters of this version that this user may read.
    pub(crate) there: &'static str,
    /// Has a row if there is a trigger of any version.
    pub(crate) installed: &'static str,
    /// Gives how many triggers of this version do their work, a text for their state, and the counters of all
    /// clients and of client `$1` with their marks.
    pub(crate) state: &'static str,
    /// The number of triggers.
    pub(crate) triggers: i64,
    /// Where the first has a row, the second comes before all else.
    pub(crate) prepare: (&'static str, &'static str),
    /// Has a row if there is nothing to remove.
    pub(crate) absent: Option<&'static str>,
    /// The statements that add everything, each on its own.
    pub(crate) install: fn(&Tables<'_>) -> Vec<String>,
    /// The statements that take everything away.
    pub(crate) remove: fn() -> Vec<String>,
}

#[cfg(feature = "session")]
impl RevisionWords {
    /// The statement for the state of triggers and counters, and an expression about the same client.
    pub(crate) fn with_state(&self, expression: &str) -> String {
        format!("SELECT s.triggers, s.installed, s.every, s.own, {expression} FROM ({}) s", self.state)
    }
}

/// The words of the session store's tables.
#[cfg(feature = "session")]
pub(crate) struct StoreWords {
    /// Takes the lock of which only one transaction at a time has one.
    pub(crate) lock: Option<&'static str>,
    /// Where the first has a row, the second makes the schema.
    pub(crate) schema: Option<(&'static str, &'static str)>,
    /// Creates the table of the steps that were taken.
    pub(crate) journal: &'static str,
    /// Has a row if that table is there.
    pub(crate) has_journal: &'static str,
    /// The steps, in their order.
    pub(crate) scripts: &'static [&'static str],
    /// Tells other nodes the text `$1`, once the transaction is committed.
    pub(crate) notify: Option<(&'static str, NotificationText)>,
}

/// Makes the text of a notification that sessions of a scope ended.
#[cfg(feature = "session")]
pub(crate) type NotificationText = fn(&session::Scope) -> String;
