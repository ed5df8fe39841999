//! The SQL of PostgreSQL.

use crate::backend::{DatabaseKind, Dialect, Select};
#[cfg(feature = "session")]
use crate::backend::{StoreDialect, postgres::revisions};

pub(crate) static POSTGRES: Dialect = Dialect {
    kind: DatabaseKind::Postgres,
    now: "SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint",
    catalog: CATALOG,
    schema: "",
    own_schema: "orgcache.",
    by_bytes: " COLLATE \"C\"",
    has_schemas: true,
    encoding: Some("SELECT pg_catalog.current_setting('server_encoding')"),
    as_text,
    packed,
    // These bytes are what the server sends for a text.
    digest: |packed| format!("pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend(({packed}))), 'hex')"),
    #[cfg(feature = "session")]
    revisions: revisions::WORDS,
    #[cfg(feature = "session")]
    store: StoreDialect {
        // A number that other programs are unlikely to lock.
        lock: Some("SELECT pg_catalog.pg_advisory_xact_lock(7741096482901337)"),
        // A user without the privilege to create schemas may still own this one.
        schema: Some((
            "SELECT 1 WHERE pg_catalog.to_regnamespace('orgcache') IS NULL",
            "CREATE SCHEMA orgcache",
        )),
        journal: "CREATE TABLE IF NOT EXISTS orgcache.orgcache_migration (
            version bigint PRIMARY KEY,
            name    text NOT NULL,
            applied timestamptz NOT NULL DEFAULT now()
        )",
        has_journal: "SELECT 1 WHERE pg_catalog.to_regclass('orgcache.orgcache_migration') IS NOT NULL",
        scripts: &[
            include_str!("../../../migrations/session-store/postgres/0001_sessions.sql"),
            include_str!("../../../migrations/session-store/postgres/0002_logins.sql"),
        ],
        notify: Some((
            "SELECT pg_catalog.pg_notify('orgcache_sessions', $1)::text",
            super::store::notification,
        )),
    },
};

/// Queries the catalog by qualified names, and only for tables that the search path makes visible: a table of
/// the same name in another schema is not the one that the other statements read.
///
/// The third column says which columns must be read as texts that compare byte for byte: those that can be
/// texts but have another type than `varchar` and `text`, and those with their own collation. A number is an
/// id or not a text; a flag of one character needs no conversion. The fourth column says which columns the
/// user may read.
const CATALOG: &str = "SELECT c.relname, a.attname, CASE \
       WHEN a.atttypid IN (25, 1043) AND a.attcollation = 100 THEN 'N' \
       WHEN t.typname = 'bpchar' AND (a.attname LIKE 'is%' OR a.attname = 'userlevel') THEN 'N' \
       WHEN t.typcategory IN ('S', 'E') OR t.typcategory = 'N' AND a.attname LIKE '%@_id' ESCAPE '@' THEN 'Y' \
       ELSE 'N' END, \
       CASE WHEN pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') THEN 'Y' ELSE 'N' END \
     FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname IN ({tables})";

fn as_text(value: &str) -> String {
    format!("CAST({value} AS pg_catalog.text) COLLATE \"C\"")
}

/// An array has one type. If a column is not a text, the statement is refused, because the null at the end is
/// a text. The order makes equal rows equal texts under every query plan.
fn packed(select: &Select) -> String {
    format!(
        "SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE \"C\") FROM \
         (SELECT CAST(pg_catalog.to_json(ARRAY[{}, CAST(NULL AS pg_catalog.text)]) AS pg_catalog.text) AS j \
         FROM {}) packed",
        select.columns.join(", "),
        select.from
    )
}
