//! `References`: the foreign keys of imported rows, checked after all rows are read.

use std::collections::{HashMap, HashSet};

use erp_db::Transaction;
use erp_db::tables::{Column, Table};
use platform::text::{NAME_BYTES, shorten};

use crate::error::{ImportError, RowPlace};

/// The foreign keys of imported rows. Of equal references the first is stored.
#[derive(Default)]
pub(super) struct References {
    keys: HashMap<&'static str, HashSet<String>>,
    seen: HashMap<&'static str, HashSet<String>>,
    /// In row order, so that the first dangling one is reported.
    pending: Vec<Reference>,
}

struct Reference {
    place: RowPlace,
    column: &'static str,
    value: String,
    table: &'static str,
}

impl References {
    /// Records the key of a row.
    pub(super) fn add_key(&mut self, table: &'static Table, key: &str) {
        self.keys.entry(table.name).or_default().insert(key.to_owned());
    }

    /// Records a value, if its column refers to a table.
    pub(super) fn add(&mut self, place: impl FnOnce() -> RowPlace, column: &'static Column, value: &str) {
        let Some(table) = column.references else { return };
        if self.seen.entry(table).or_default().insert(value.to_owned()) {
            let reference = Reference { place: place(), column: column.name, value: value.to_owned(), table };
            self.pending.push(reference);
        }
    }

    /// Checks that every referenced row is imported or already in the database.
    pub(super) async fn check(self, transaction: &mut Transaction<'_>) -> Result<(), ImportError> {
        for Reference { place, column, value, table } in self.pending {
            if self.keys.get(table).is_some_and(|keys| keys.contains(&value)) {
                continue;
            }
            let statement = Table::named(table).map_or_else(String::new, |target| {
                format!("SELECT 1 FROM {} WHERE {} = $1", target.name, target.key())
            });
            if !transaction.finds(statement, &[Some(&value)]).await? {
                let value = shorten(&value, NAME_BYTES).into_owned();
                return Err(ImportError::Reference { place, column, value, table });
            }
        }
        Ok(())
    }
}
