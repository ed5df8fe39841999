//! The statements of the SQLite store.

/// Now, in milliseconds.
macro_rules! now {
    () => {
        "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// The columns of a session, in the order of `record::stored`. Append the condition.
pub(super) const SESSIONS: &str = concat!(
    "SELECT id, client_id, user_id, role_id, org_id, tree, access, idle, absolute, ",
    now!(),
    " - began, ",
    now!(),
    " - seen FROM orgcache_session WHERE "
);

pub(super) const CONTENTS: &str = "SELECT \
     (SELECT bytes FROM orgcache_tree WHERE fingerprint = $1), \
     (SELECT bytes FROM orgcache_access WHERE hash = $2)";

pub(super) const MISSING: &str = "SELECT unhex(value) \
     FROM json_each('[\"' || replace($1, ',', '\",\"') || '\"]') \
     WHERE NOT EXISTS (SELECT 1 FROM orgcache_session WHERE id = unhex(value))";

/// Are a tree and an access stored, does a session exist, and is the tree or the access marked as unused?
pub(super) const EXISTING: &str = "SELECT EXISTS (SELECT 1 FROM orgcache_tree WHERE fingerprint = $1), \
     EXISTS (SELECT 1 FROM orgcache_access WHERE hash = $2), \
     EXISTS (SELECT 1 FROM orgcache_session WHERE id = $3), \
     EXISTS (SELECT 1 FROM orgcache_tree WHERE fingerprint = $1 AND unused_since IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM orgcache_access WHERE hash = $2 AND unused_since IS NOT NULL)";

pub(super) const ADD_TREE: &str = "INSERT INTO orgcache_tree (fingerprint, bytes) VALUES ($1, $2) \
     ON CONFLICT (fingerprint) DO UPDATE SET bytes = excluded.bytes";
pub(super) const ADD_ACCESS: &str = "INSERT INTO orgcache_access (hash, bytes) VALUES ($1, $2) \
     ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes";

// Only if marked: a login writes no row that others share.
pub(super) const USE_TREE: &str =
    "UPDATE orgcache_tree SET unused_since = NULL WHERE fingerprint = $1 AND unused_since IS NOT NULL";
pub(super) const USE_ACCESS: &str =
    "UPDATE orgcache_access SET unused_since = NULL WHERE hash = $1 AND unused_since IS NOT NULL";

pub(super) const ADD_SESSION: &str = concat!(
    "INSERT INTO orgcache_session \
     (id, client_id, user_id, role_id, org_id, tree, access, idle, absolute, began, seen) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ",
    now!(),
    ", ",
    now!(),
    ")"
);

pub(super) const TOUCH: &str = concat!(
    "UPDATE orgcache_session SET seen = ",
    now!(),
    " - $2 WHERE id = $1 AND seen < ",
    now!(),
    " - $2"
);

/// The id is enough, so no clock is compared.
pub(super) const END_SESSION: &str = "DELETE FROM orgcache_session WHERE id = $1";

/// Spares the sessions that began less than `ago` ago, or none if `ago` is zero. A session that began in the
/// future was created before the clock was set back, and ends. The time is constant throughout a statement.
/// Append the condition.
pub(super) const END: &str =
    concat!("DELETE FROM orgcache_session WHERE (began <= ", now!(), " - $1 OR began > ", now!(), ") AND ");

pub(super) const SWEEP: &str = concat!(
    "DELETE FROM orgcache_session WHERE id IN (SELECT id FROM orgcache_session \
     WHERE began + MIN(absolute, 4611686018427387904) < ",
    now!(),
    " OR seen + MIN(idle, 4611686018427387904) < ",
    now!(),
    " - $1 LIMIT $2)"
);

/// Records a name unless it is recorded.
pub(super) const USE_ONCE: &str = "INSERT INTO orgcache_assertion (id, expires) \
     VALUES ($1, $2) ON CONFLICT DO NOTHING";

pub(super) const FORGET_USED: &str = "DELETE FROM orgcache_assertion WHERE id IN (SELECT id \
     FROM orgcache_assertion WHERE expires < $2 ORDER BY expires LIMIT $1)";

/// The tables that sessions refer to: table, key, and column of the session.
pub(super) const REFERENCED: [[&str; 3]; 2] =
    [["orgcache_tree", "fingerprint", "tree"], ["orgcache_access", "hash", "access"]];

/// The three steps of collecting unreferenced contents: unmark those that are used again; mark up to a limit
/// of unused ones; delete those that have been marked for the grace time.
pub(super) fn collect([table, key, column]: [&str; 3]) -> [String; 3] {
    const COLLECT: [&str; 3] = [
        "UPDATE {table} AS c SET unused_since = NULL WHERE unused_since IS NOT NULL AND {used}",
        concat!(
            "UPDATE {table} SET unused_since = ",
            now!(),
            " WHERE {key} IN (SELECT c.{key} FROM {table} c WHERE c.unused_since IS NULL AND NOT {used} LIMIT $1)"
        ),
        concat!(
            "DELETE FROM {table} WHERE {key} IN (SELECT c.{key} FROM {table} c WHERE c.unused_since <= ",
            now!(),
            " - $2 ORDER BY c.unused_since LIMIT $1)"
        ),
    ];
    COLLECT.map(|statement| {
        statement
            .replace("{used}", "EXISTS (SELECT 1 FROM orgcache_session s WHERE s.{column} = c.{key})")
            .replace("{table}", table)
            .replace("{key}", key)
            .replace("{column}", column)
    })
}
