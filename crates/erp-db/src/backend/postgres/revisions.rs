//! The triggers in PostgreSQL: one per kind of statement, which counts once however many rows changed.

use crate::backend::RevisionDialect;
use crate::revisions::{ALL_CLIENTS, Tables, VERSION, WATCHED, WatchedTable};

pub(super) const WORDS: RevisionDialect = RevisionDialect {
    lock: Some("SELECT pg_catalog.pg_advisory_xact_lock(7741096482901338)"),
    tables: TABLES,
    counters_exist: EXISTING,
    installed: INSTALLED,
    state: STATE,
    triggers: 20,
    prepare: (NO_SCHEMA, "CREATE SCHEMA orgcache"),
    absent: Some(NO_SCHEMA),
    install,
    remove,
};

/// The kinds of statements, with the row sets that each provides.
const EVENTS: [(&str, &[(&str, &str)]); 4] = [
    ("insert", &[("NEW", "new_rows")]),
    ("update", &[("OLD", "old_rows"), ("NEW", "new_rows")]),
    ("delete", &[("OLD", "old_rows")]),
    ("truncate", &[]),
];

/// The schema and kind of each watched table.
const TABLES: &str = "SELECT c.relname::text, n.nspname::text, c.relkind::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE pg_catalog.pg_table_is_visible(c.oid) \
     AND c.relname IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode')";

const NO_SCHEMA: &str = "SELECT 1 WHERE NOT EXISTS \
     (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'orgcache')";

/// Are there counters of this version that this user may read? Queries only the catalog, so it does not fail
/// if there are none.
const EXISTING: &str = "SELECT 1 FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'mark' AND NOT a.attisdropped \
     WHERE n.nspname = 'orgcache' AND c.relname = 'orgcache_revision' \
     AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')";

/// The triggers of any version.
const INSTALLED: &str = "SELECT 1 FROM pg_catalog.pg_trigger t \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
     WHERE c.relname IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode') \
     AND pg_catalog.pg_table_is_visible(c.oid) AND t.tgname LIKE 'orgcache@_revision@_%' ESCAPE '@' LIMIT 1";

/// The number of triggers of this version that are enabled under every replication role of a session, their
/// state, and the two counters with their marks. Altering a trigger or its function changes the `xmin` of its
/// catalog row. A restored copy may produce the same `xmin` again, so the server's start time is part of the
/// state. Triggers of a table that is the target of a logical replication subscription do not count:
/// replicated rows fire no statement triggers.
const STATE: &str = "SELECT COUNT(*) AS triggers, pg_catalog.pg_postmaster_start_time()::text || ' ' || \
       pg_catalog.string_agg(t.oid || ':' || t.xmin::text || ':' || p.xmin::text, ',' ORDER BY t.oid) AS installed, \
       (SELECT revision || ':' || mark FROM orgcache.orgcache_revision WHERE client_id = '') AS every, \
       (SELECT revision || ':' || mark FROM orgcache.orgcache_revision WHERE client_id = $1) AS own \
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
     WHERE c.relname IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode') \
     AND pg_catalog.pg_table_is_visible(c.oid) AND t.tgname LIKE 'orgcache@_revision@_%' ESCAPE '@' \
     AND t.tgenabled = 'A' AND pg_catalog.strpos(p.prosrc, 'orgcache revisions 2') > 0 \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = t.tgrelid)";

const COUNTERS: &str = "CREATE TABLE IF NOT EXISTS orgcache.orgcache_revision (
    client_id text COLLATE \"C\" PRIMARY KEY,
    revision  bigint NOT NULL,
    mark      text NOT NULL DEFAULT ''
)";

/// For counters of an earlier version.
const ADD_MARK: &str =
    "ALTER TABLE orgcache.orgcache_revision ADD COLUMN IF NOT EXISTS mark text NOT NULL DEFAULT ''";

/// The number and the mark of a change: the clock in microseconds, and a random id that is unique even if the
/// clock goes back.
const CHANGE: &str = "pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint, \
     pg_catalog.gen_random_uuid()::text";

/// Each change has a larger number than the one before it.
const MOVED: &str = "ON CONFLICT (client_id) DO UPDATE \
     SET revision = GREATEST(r.revision + 1, EXCLUDED.revision), mark = EXCLUDED.mark";

/// The statements that install everything, one by one.
fn install(tables: &Tables<'_>) -> Vec<String> {
    let mut statements = vec![
        COUNTERS.to_owned(),
        ADD_MARK.to_owned(),
        format!(
            "INSERT INTO orgcache.orgcache_revision AS r (client_id, revision, mark) SELECT '', {CHANGE} {MOVED}"
        ),
        // Counters only reveal that something changed, and the reader is another user than the installer.
        "GRANT USAGE ON SCHEMA orgcache TO PUBLIC".to_owned(),
        "GRANT SELECT ON orgcache.orgcache_revision TO PUBLIC".to_owned(),
    ];
    for watched in &WATCHED {
        for (event, rows) in EVENTS {
            let (name, on) = (watched.trigger(event), tables.name(watched.name));
            let shown: Vec<String> =
                rows.iter().map(|(which, name)| format!(" {which} TABLE AS {name}")).collect();
            let referencing = if rows.is_empty() { "" } else { "REFERENCING" };
            statements.push(function(watched, event, rows, tables));
            statements.push(format!("DROP TRIGGER IF EXISTS {name} ON {on}"));
            statements.push(format!(
                "CREATE TRIGGER {name} AFTER {event} ON {on} {referencing}{} \
                 FOR EACH STATEMENT EXECUTE FUNCTION orgcache.{name}()",
                shown.concat()
            ));
            // Also in a session that disables ordinary triggers.
            statements.push(format!("ALTER TABLE {on} ENABLE ALWAYS TRIGGER {name}"));
        }
    }
    statements
}

/// The function of a trigger. It runs with the privileges of the installing user, so the ERP's user needs
/// none.
fn function(watched: &WatchedTable, event: &str, rows: &[(&str, &str)], tables: &Tables<'_>) -> String {
    let changed = |(_, name): &(_, &str)| tables.rows(watched, "", &format!(" FROM {name}"));
    let queries: Vec<String> = rows.iter().map(|rows| watched.clients(&changed(rows), tables)).collect();
    let clients =
        if queries.is_empty() { format!("SELECT {ALL_CLIENTS} AS client") } else { queries.join(" UNION ") };
    // In client order, so that two transactions that concern several clients do not deadlock. A row without a
    // client must not make the ERP's own statement fail.
    format!(
        "CREATE OR REPLACE FUNCTION orgcache.{}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
         SET search_path = pg_catalog AS $body$ BEGIN /* {VERSION} */ \
         INSERT INTO orgcache.orgcache_revision AS r (client_id, revision, mark) \
         SELECT c.client, {CHANGE} FROM ({clients}) c WHERE c.client IS NOT NULL \
         ORDER BY c.client COLLATE \"C\" {MOVED}; \
         RETURN NULL; END $body$",
        watched.trigger(event)
    )
}

/// The statements that remove everything.
fn remove() -> Vec<String> {
    let mut statements: Vec<String> = WATCHED
        .iter()
        .flat_map(|watched| EVENTS.map(|(event, _)| watched.trigger(event)))
        // Dropping a function drops its triggers.
        .map(|name| format!("DROP FUNCTION IF EXISTS orgcache.{name}() CASCADE"))
        .collect();
    statements.push("DROP TABLE IF EXISTS orgcache.orgcache_revision".to_owned());
    statements
}
