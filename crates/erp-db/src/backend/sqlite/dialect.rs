//! The SQL of SQLite.

use crate::backend::{DatabaseKind, Dialect, Select};
#[cfg(feature = "session")]
use crate::backend::{StoreDialect, sqlite::revisions};

pub(crate) static SQLITE: Dialect = Dialect {
    kind: DatabaseKind::Sqlite,
    now: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    catalog: CATALOG,
    schema: "main.",
    own_schema: "",
    by_bytes: "",
    has_schemas: false,
    encoding: None,
    as_text,
    packed,
    digest: |packed| format!("({packed})"),
    #[cfg(feature = "session")]
    revisions: revisions::WORDS,
    #[cfg(feature = "session")]
    store: StoreDialect {
        lock: None,
        schema: None,
        journal: "CREATE TABLE IF NOT EXISTS orgcache_migration (
            version INTEGER NOT NULL PRIMARY KEY,
            name    TEXT NOT NULL,
            applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
        )",
        has_journal: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'orgcache_migration'",
        scripts: &[
            include_str!("../../../migrations/session-store/sqlite/0001_sessions.sql"),
            include_str!("../../../migrations/session-store/sqlite/0002_logins.sql"),
        ],
        notify: None,
    },
};

/// Ids, names and search keys are texts regardless of the column's declared type, and may have a declared
/// collation.
const CATALOG: &str = "SELECT lower(m.name), lower(p.name), CASE \
       WHEN upper(m.sql) LIKE '%COLLATE%' AND p.type LIKE '%CHAR%' THEN 'Y' \
       WHEN upper(m.sql) LIKE '%COLLATE%' AND p.type LIKE '%TEXT%' THEN 'Y' \
       WHEN p.type LIKE '%CHAR%' OR p.type LIKE '%CLOB%' OR p.type LIKE '%TEXT%' THEN 'N' \
       WHEN lower(p.name) LIKE '%@_id' ESCAPE '@' OR lower(p.name) IN ('username', 'name', 'value') THEN 'Y' \
       ELSE 'N' END, 'Y' \
     FROM sqlite_master m JOIN pragma_table_info(m.name) p \
     WHERE m.type IN ('table', 'view') AND lower(m.name) IN ({tables})";

fn as_text(value: &str) -> String {
    format!("CAST({value} AS TEXT) COLLATE BINARY")
}

fn packed(select: &Select) -> String {
    // Bytes might be valid JSON in SQLite's binary form, and would be read as such. These bytes never are.
    let not_bytes = |column: &&str| format!("iif(typeof({column}) = 'blob', x'ff', {column})");
    let columns: Vec<String> = select.columns.iter().map(not_bytes).collect();
    format!("SELECT group_concat(json_array({}), char(10)) FROM {}", columns.join(", "), select.from)
}
