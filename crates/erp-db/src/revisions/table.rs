//! The tables of a tree, and the clients that a change of a row concerns.

use std::collections::BTreeMap;

use crate::backend::Dialect;
use crate::erp::Schema;

/// The name under which changes that concern all clients are counted. No client has it, since ids are not
/// empty.
pub(crate) const ALL_CLIENTS: &str = "''";

/// Part of every trigger of this version. Triggers of an earlier version only increment, so their number can
/// repeat after a restore of the database: they are not trusted.
pub(crate) const VERSION: &str = "orgcache revisions 2";

/// A table whose changes are counted.
#[derive(Debug)]
pub(crate) struct WatchedTable {
    pub(crate) name: &'static str,
    /// The columns that decide which clients a row concerns.
    columns: &'static [&'static str],
    /// The client whose tree a changed row `r` concerns, and the rest of the query for it. `{ad_tree}` and
    /// `{ad_treenode}` stand for those tables.
    client: &'static str,
    rest: &'static str,
}

pub(crate) static WATCHED: [WatchedTable; 5] = [
    WatchedTable { name: "ad_clientinfo", columns: &["ad_client_id"], client: "r.ad_client_id", rest: "" },
    // An organization may be in the trees of other clients too; `0` is in all of them.
    WatchedTable {
        name: "ad_org",
        columns: &["ad_org_id"],
        client: "t.ad_client_id",
        rest: "JOIN {ad_treenode} n ON n.node_id = r.ad_org_id \
             JOIN {ad_tree} t ON t.ad_tree_id = n.ad_tree_id AND t.ad_table_id = '155'",
    },
    WatchedTable { name: "ad_orgtype", columns: &["ad_orgtype_id"], client: ALL_CLIENTS, rest: "" },
    WatchedTable {
        name: "ad_tree",
        columns: &["ad_tree_id", "ad_client_id", "ad_table_id"],
        client: "r.ad_client_id",
        rest: "WHERE r.ad_table_id = '155'",
    },
    WatchedTable {
        name: "ad_treenode",
        columns: &["ad_tree_id", "node_id"],
        client: "t.ad_client_id",
        rest: "JOIN {ad_tree} t ON t.ad_tree_id = r.ad_tree_id AND t.ad_table_id = '155'",
    },
];

/// The tables of a database: their schemas, and which columns must be read as texts. A trigger runs within
/// the ERP's own statements, so it must compare columns of any type.
pub(crate) struct Tables<'a> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) schema: &'a Schema,
    /// The schema of each table; empty if tables need none.
    pub(crate) places: &'a BTreeMap<String, String>,
}

impl Tables<'_> {
    /// A table's name in a statement.
    pub(crate) fn name(&self, table: &str) -> String {
        match self.places.get(table) {
            Some(place) if self.dialect.has_schemas => {
                format!("\"{}\".{table}", place.replace('"', "\"\""))
            }
            _ => table.to_owned(),
        }
    }

    /// A query for the rows of a watched table, with its columns as texts that compare byte for byte. `from`
    /// is the text after FROM, and `prefix` the prefix of its column names.
    pub(crate) fn rows(&self, watched: &WatchedTable, prefix: &str, from: &str) -> String {
        let as_text = |column: &&str| {
            let value = self.schema.as_text(self.dialect, watched.name, column, &format!("{prefix}{column}"));
            format!("{value} AS {column}")
        };
        let columns: Vec<String> = watched.columns.iter().map(as_text).collect();
        format!("(SELECT {}{from})", columns.join(", "))
    }

    fn all(&self, name: &str) -> String {
        let watched = WATCHED.iter().find(|watched| watched.name == name);
        watched
            .map_or_else(String::new, |watched| self.rows(watched, "", &format!(" FROM {}", self.name(name))))
    }
}

impl WatchedTable {
    /// The query for the clients that rows concern.
    pub(crate) fn clients(&self, rows: &str, tables: &Tables<'_>) -> String {
        let rest = self
            .rest
            .replace("{ad_treenode}", &tables.all("ad_treenode"))
            .replace("{ad_tree}", &tables.all("ad_tree"));
        format!("SELECT DISTINCT {} AS client FROM {rows} r {rest}", self.client)
    }

    /// A statement that returns no row, and fails if the triggers would.
    pub(crate) fn probe(&self, tables: &Tables<'_>) -> String {
        let clients = self.clients(&tables.all(self.name), tables);
        format!("SELECT 1 FROM ({clients}) c ORDER BY c.client{} LIMIT 0", tables.dialect.by_bytes)
    }

    /// The key column by which SQLite identifies rows of the table.
    #[cfg(feature = "sqlite")]
    pub(crate) fn key(&self) -> &'static str {
        match self.name {
            "ad_clientinfo" => "ad_client_id",
            "ad_org" => "ad_org_id",
            "ad_orgtype" => "ad_orgtype_id",
            "ad_tree" => "ad_tree_id",
            _ => "ad_treenode_id",
        }
    }

    /// The name of the trigger for one kind of event.
    pub(crate) fn trigger(&self, event: &str) -> String {
        format!("orgcache_revision_{}_{event}", self.name)
    }
}
