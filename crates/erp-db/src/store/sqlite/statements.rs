//! The statements of the SQLite store. Bytes come and go as hexadecimal digits, numbers come as texts.

/// Now, in milliseconds.
macro_rules! now {
    () => {
        "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// The columns of a session, in the order in which `record::stored` takes them.
macro_rules! sessions_where {
    ($condition:literal) => {
        concat!(
            "SELECT hex(id), client_id, user_id, role_id, org_id, hex(tree), hex(access), idle, absolute, ",
            now!(),
            " - began, ",
            now!(),
            " - seen FROM orgcache_session WHERE ",
            $condition
        )
    };
}

pub(super) const SESSION: &str = sessions_where!("id = unhex($1)");

pub(super) const LIST_SESSION: &str =
    sessions_where!("id > unhex($1) AND id = unhex($3) ORDER BY id LIMIT CAST($2 AS INTEGER)");
pub(super) const LIST_CLIENT: &str =
    sessions_where!("id > unhex($1) AND client_id = $3 ORDER BY id LIMIT CAST($2 AS INTEGER)");
pub(super) const LIST_USER: &str = sessions_where!(
    "id > unhex($1) AND client_id = $3 AND user_id = $4 ORDER BY id LIMIT CAST($2 AS INTEGER)"
);
pub(super) const LIST_ROLE: &str = sessions_where!(
    "id > unhex($1) AND client_id = $3 AND role_id = $4 ORDER BY id LIMIT CAST($2 AS INTEGER)"
);

pub(super) const CONTENTS: &str = "SELECT \
     (SELECT hex(bytes) FROM orgcache_tree WHERE fingerprint = unhex($1)), \
     (SELECT hex(bytes) FROM orgcache_access WHERE hash = unhex($2))";

pub(super) const MISSING: &str = "SELECT value FROM json_each($1) \
     WHERE NOT EXISTS (SELECT 1 FROM orgcache_session WHERE id = unhex(value))";

/// Whether a tree and an access are stored, a session is there, and one of the former was noted as unused.
pub(super) const THERE: &str = "SELECT EXISTS (SELECT 1 FROM orgcache_tree WHERE fingerprint = unhex($1)), \
     EXISTS (SELECT 1 FROM orgcache_access WHERE hash = unhex($2)), \
     EXISTS (SELECT 1 FROM orgcache_session WHERE id = unhex($3)), \
     EXISTS (SELECT 1 FROM orgcache_tree WHERE fingerprint = unhex($1) AND unused_since IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM orgcache_access WHERE hash = unhex($2) AND unused_since IS NOT NULL)";

pub(super) const ADD_TREE: &str = "INSERT INTO orgcache_tree (fingerprint, bytes) VALUES (unhex($1), unhex($2)) \
     ON CONFLICT (fingerprint) DO UPDATE SET bytes = excluded.bytes";
pub(super) const ADD_ACCESS: &str = "INSERT INTO orgcache_access (hash, bytes) VALUES (unhex($1), unhex($2)) \
     ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes";

// Only where one of them was noted: a login writes no row that others share.
pub(super) const USE_TREE: &str =
    "UPDATE orgcache_tree SET unused_since = NULL WHERE fingerprint = unhex($1) AND unused_since IS NOT NULL";
pub(super) const USE_ACCESS: &str =
    "UPDATE orgcache_access SET unused_since = NULL WHERE hash = unhex($1) AND unused_since IS NOT NULL";

pub(super) const ADD_SESSION: &str = concat!(
    "INSERT INTO orgcache_session \
     (id, client_id, user_id, role_id, org_id, tree, access, idle, absolute, began, seen) \
     VALUES (unhex($1), $2, $3, $4, $5, unhex($6), unhex($7), CAST($8 AS INTEGER), CAST($9 AS INTEGER), ",
    now!(),
    ", ",
    now!(),
    ")"
);

pub(super) const TOUCH: &str = concat!(
    "UPDATE orgcache_session SET seen = ",
    now!(),
    " - CAST($2 AS INTEGER) WHERE id = unhex($1) AND seen < ",
    now!(),
    " - CAST($2 AS INTEGER)"
);

/// The name says which session is meant: no clock is asked.
pub(super) const END_SESSION: &str = "DELETE FROM orgcache_session WHERE id = unhex($1)";

/// Spares what began less than a span ago; without a span, nothing. A session of the future began before the
/// clock was set back, and ends. The time is the same throughout a statement.
macro_rules! end_where {
    ($condition:literal) => {
        concat!(
            "DELETE FROM orgcache_session WHERE ",
            $condition,
            " AND (began <= ",
            now!(),
            " - CAST($1 AS INTEGER) OR began > ",
            now!(),
            ")"
        )
    };
}

pub(super) const END_CLIENT: &str = end_where!("client_id = $2");
pub(super) const END_USER: &str = end_where!("client_id = $2 AND user_id = $3");
pub(super) const END_ROLE: &str = end_where!("client_id = $2 AND role_id = $3");

pub(super) const SWEEP: &str = concat!(
    "DELETE FROM orgcache_session WHERE id IN (SELECT id FROM orgcache_session \
     WHERE began + MIN(absolute, 4611686018427387904) < ",
    now!(),
    " OR seen + MIN(idle, 4611686018427387904) < ",
    now!(),
    " - CAST($1 AS INTEGER) LIMIT CAST($2 AS INTEGER))"
);

/// Notes a name, unless it is noted already.
pub(super) const USE_ONCE: &str = "INSERT INTO orgcache_assertion (id, expires) \
     VALUES (unhex($1), CAST($2 AS INTEGER)) ON CONFLICT DO NOTHING";

pub(super) const FORGET_USED: &str = "DELETE FROM orgcache_assertion WHERE id IN (SELECT id \
     FROM orgcache_assertion WHERE expires < CAST($2 AS INTEGER) ORDER BY expires LIMIT CAST($1 AS INTEGER))";

/// The three steps of collecting what no session refers to: what is used again is no longer noted; what is
/// unused is noted, at most so much at a time; what has been noted for the time of grace goes.
macro_rules! collect {
    ($name:ident, $table:literal, $key:literal, $column:literal) => {
        pub(super) const $name: [&str; 3] = [
            concat!(
                "UPDATE ",
                $table,
                " SET unused_since = NULL WHERE unused_since IS NOT NULL \
                 AND EXISTS (SELECT 1 FROM orgcache_session s WHERE s.",
                $column,
                " = ",
                $table,
                ".",
                $key,
                ")"
            ),
            concat!(
                "UPDATE ",
                $table,
                " SET unused_since = ",
                now!(),
                " WHERE ",
                $key,
                " IN (SELECT c.",
                $key,
                " FROM ",
                $table,
                " c WHERE c.unused_since IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM orgcache_session s WHERE s.",
                $column,
                " = c.",
                $key,
                ") LIMIT CAST($1 AS INTEGER))"
            ),
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE ",
                $key,
                " IN (SELECT c.",
                $key,
                " FROM ",
                $table,
                " c WHERE c.unused_since <= ",
                now!(),
                " - CAST($2 AS INTEGER) ORDER BY c.unused_since \
                 LIMIT CAST($1 AS INTEGER))"
            ),
        ];
    };
}

collect!(COLLECT_TREES, "orgcache_tree", "fingerprint", "tree");
collect!(COLLECT_ACCESSES, "orgcache_access", "hash", "access");
