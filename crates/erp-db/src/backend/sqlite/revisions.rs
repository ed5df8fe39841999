//! The triggers in SQLite, which run for every row.

use crate::backend::RevisionDialect;
use crate::revisions::{Tables, VERSION, WATCHED, WatchedTable};

pub(super) const WORDS: RevisionDialect = RevisionDialect {
    lock: None,
    tables: TABLES,
    counters_exist: EXISTING,
    installed: INSTALLED,
    state: STATE,
    triggers: 20,
    prepare: (UNMARKED, "ALTER TABLE orgcache_revision ADD COLUMN mark TEXT NOT NULL DEFAULT ''"),
    absent: None,
    install,
    remove,
};

/// The kinds of triggers, with the rows that each provides.
const EVENTS: [(&str, &str, &[&str]); 4] = [
    // `INSERT OR REPLACE` deletes the row with the same key without firing its triggers.
    ("displace", "BEFORE INSERT", &[]),
    ("insert", "AFTER INSERT", &["NEW"]),
    ("update", "AFTER UPDATE", &["OLD", "NEW"]),
    ("delete", "AFTER DELETE", &["OLD"]),
];

/// Are the watched tables plain tables?
const TABLES: &str = "SELECT lower(name), 'main', 'r' FROM sqlite_master WHERE type = 'table' \
     AND lower(name) IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode')";

/// Are there counters of this version?
const EXISTING: &str = "SELECT 1 FROM pragma_table_info('orgcache_revision') WHERE name = 'mark'";

/// The triggers of any version.
const INSTALLED: &str = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' \
     AND name LIKE 'orgcache@_revision@_%' ESCAPE '@' LIMIT 1";

/// The number of triggers of this version, the schema version, which every schema change increments, and the
/// two counters with their marks.
const STATE: &str = "SELECT COUNT(*) AS triggers, \
       (SELECT CAST(schema_version AS TEXT) FROM pragma_schema_version) AS installed, \
       (SELECT revision || ':' || mark FROM orgcache_revision WHERE client_id = '') AS every, \
       (SELECT revision || ':' || mark FROM orgcache_revision WHERE client_id = $1) AS own \
     FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'orgcache@_revision@_%' ESCAPE '@' \
     AND instr(sql, 'orgcache revisions 2') > 0 \
     AND lower(tbl_name) IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode')";

const COUNTERS: &str = "CREATE TABLE IF NOT EXISTS orgcache_revision (
    client_id TEXT NOT NULL PRIMARY KEY,
    revision  INTEGER NOT NULL,
    mark      TEXT NOT NULL DEFAULT ''
)";

/// Are the counters those of an earlier version?
const UNMARKED: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM pragma_table_info('orgcache_revision')) \
     AND NOT EXISTS (SELECT 1 FROM pragma_table_info('orgcache_revision') WHERE name = 'mark')";

/// The clock in microseconds, by a function that any SQLite which the ERP may use supports.
macro_rules! clock {
    () => {
        "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
    };
}

/// Sets the number to the clock, or increments it if the clock went back, and makes a new mark.
macro_rules! moved {
    () => {
        concat!("revision = MAX(revision + 1, ", clock!(), "), mark = hex(randomblob(16))")
    };
}

const FIRST: &str = concat!(
    "INSERT INTO orgcache_revision (client_id, revision, mark) VALUES ('', ",
    clock!(),
    ", hex(randomblob(16))) ON CONFLICT (client_id) DO UPDATE SET ",
    moved!()
);

/// The statements that install everything, one by one.
fn install(tables: &Tables<'_>) -> Vec<String> {
    let mut statements = remove_triggers();
    statements.extend([COUNTERS.to_owned(), FIRST.to_owned()]);
    for watched in &WATCHED {
        for (event, when, rows) in EVENTS {
            let queries: Vec<String> = match rows {
                [] => vec![displaced(watched, tables)],
                rows => rows.iter().map(|row| clients(watched, row, tables)).collect(),
            };
            statements.push(format!(
                "CREATE TRIGGER {} {when} ON {} BEGIN /* {VERSION} */ {} END",
                watched.trigger(event),
                watched.name,
                queries.iter().map(|query| count(query)).collect::<String>()
            ));
        }
    }
    statements
}

/// The clients that a changed row concerns.
fn clients(watched: &WatchedTable, row: &str, tables: &Tables<'_>) -> String {
    watched.clients(&tables.rows(watched, &format!("{row}."), ""), tables)
}

/// The clients that the row with the same key concerns, before a new one replaces it.
fn displaced(watched: &WatchedTable, tables: &Tables<'_>) -> String {
    let key = watched.key();
    let from = format!(" FROM {} WHERE {key} = NEW.{key}", watched.name);
    watched.clients(&tables.rows(watched, "", &from), tables)
}

/// Counts a change for some clients. Not with ON CONFLICT: the statement that fires the trigger overrides
/// that clause.
fn count(clients: &str) -> String {
    let moved = moved!();
    format!(
        "INSERT INTO orgcache_revision (client_id, revision) SELECT client, 0 FROM ({clients}) \
         WHERE client IS NOT NULL AND client NOT IN (SELECT client_id FROM orgcache_revision); \
         UPDATE orgcache_revision SET {moved} WHERE client_id IN (SELECT client FROM ({clients})); "
    )
}

fn remove_triggers() -> Vec<String> {
    let names = WATCHED.iter().flat_map(|watched| EVENTS.map(|(event, ..)| watched.trigger(event)));
    names.map(|name| format!("DROP TRIGGER IF EXISTS {name}")).collect()
}

/// The statements that remove everything.
fn remove() -> Vec<String> {
    let mut statements = remove_triggers();
    statements.push("DROP TABLE IF EXISTS orgcache_revision".to_owned());
    statements
}
