//! `Schema`: which of the ERP's tables and columns a database has.

use std::collections::{BTreeMap, BTreeSet};

use super::ReadError;
use crate::database::{Database, DatabaseKind, Row, StatementError, Transaction};

/// The names of the tables that are looked for, for an SQL `IN`.
macro_rules! tables {
    () => {
        "('ad_client', 'ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode', 'ad_org_tree', 'ad_role', \
          'ad_role_orgaccess', 'ad_user', 'ad_user_roles')"
    };
}

/// The catalog is asked by full name, and only for what the search path makes visible: a table of the same name
/// in another schema is not the one that the other statements would read.
const POSTGRES: &str = concat!(
    "SELECT c.relname, a.attname FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname IN ",
    tables!()
);

const SQLITE: &str = concat!(
    "SELECT lower(m.name), lower(p.name) FROM sqlite_master m JOIN pragma_table_info(m.name) p \
     WHERE m.type IN ('table', 'view') AND lower(m.name) IN ",
    tables!()
);

/// The ERP's tables and columns that a database has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, BTreeSet<String>>,
}

impl Schema {
    /// Asks the database's catalog, with one statement.
    pub(crate) async fn probe(database: &Database) -> Result<Self, StatementError> {
        let mut schema = Schema::default();
        database.each(Self::statement(database), &[], |row| schema.add(row)).await?;
        Ok(schema)
    }

    /// Asks the catalog as a transaction sees it.
    pub(crate) async fn probe_in(
        transaction: &mut Transaction<'_>,
        database: &Database,
    ) -> Result<Self, StatementError> {
        let mut schema = Schema::default();
        transaction.each(Self::statement(database), &[], |row| schema.add(row)).await?;
        Ok(schema)
    }

    fn statement(database: &Database) -> &'static str {
        match database.kind() {
            DatabaseKind::Sqlite => SQLITE,
            DatabaseKind::Postgres => POSTGRES,
        }
    }

    fn add(&mut self, row: Row<'_>) -> Result<(), StatementError> {
        let table = self.tables.entry(row.text_or_empty(0)?.to_owned()).or_default();
        table.insert(row.text_or_empty(1)?.to_owned());
        Ok(())
    }

    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(crate) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Makes sure that a table has the given columns.
    pub(super) fn require(
        &self,
        database: &Database,
        table: &'static str,
        columns: &[&'static str],
    ) -> Result<(), ReadError> {
        let place = || database.place().to_owned();
        let Some(present) = self.tables.get(table) else {
            return Err(ReadError::MissingTable { place: place(), table });
        };
        match columns.iter().find(|column| !present.contains(**column)) {
            Some(column) => Err(ReadError::MissingColumn { place: place(), table, column }),
            None => Ok(()),
        }
    }
}
