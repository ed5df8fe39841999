//! The statements of the PostgreSQL store. Each is one message.

/// Now, in milliseconds.
macro_rules! now {
    () => {
        "pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint"
    };
}

/// The columns of a session, in the order of `record::stored`. Append the condition.
pub(super) const SESSIONS: &str = concat!(
    "SELECT id, client_id, user_id, role_id, org_id, tree, access, idle, absolute, ",
    now!(),
    " - began, ",
    now!(),
    " - seen FROM orgcache.orgcache_session WHERE "
);

pub(super) const CONTENTS: &str = "SELECT \
     (SELECT bytes FROM orgcache.orgcache_tree WHERE fingerprint = $1), \
     (SELECT bytes FROM orgcache.orgcache_access WHERE hash = $2)";

/// Selects the given names that are not stored.
pub(super) const MISSING: &str = "SELECT decode(name, 'hex') FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')) name \
     WHERE NOT EXISTS (SELECT FROM orgcache.orgcache_session WHERE id = decode(name, 'hex'))";

// Replaces damaged bytes. Stores nothing for a replacement whose old session is gone.
pub(super) const ADD_TREE: &str = "INSERT INTO orgcache.orgcache_tree (fingerprint, bytes) VALUES ($1, $11) \
     ON CONFLICT (fingerprint) DO UPDATE SET bytes = excluded.bytes WHERE orgcache_tree.bytes <> excluded.bytes;";
pub(super) const ADD_ACCESS: &str = "INSERT INTO orgcache.orgcache_access (hash, bytes) VALUES ($2, $12) \
     ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes WHERE orgcache_access.bytes <> excluded.bytes;";

/// Stores a session if its tree and access exist and, for a replacement, if the old session exists, which it
/// deletes.
///
/// A tree or access with damaged bytes counts as missing: the statement compares their SHA-256.
///
/// If a tree or an access was marked as unused, the mark is removed. Otherwise this writes nothing, so that a
/// login writes no row that others share. If the tree or the access is collected between the check and the
/// insert, the foreign key makes the whole statement fail.
macro_rules! create {
    ($replaced:literal, $condition:literal) => {
        concat!(
            "WITH there AS (SELECT EXISTS (SELECT FROM orgcache.orgcache_tree \
                 WHERE fingerprint = $1 AND pg_catalog.sha256(bytes) = $13) AS tree, \
               EXISTS (SELECT FROM orgcache.orgcache_access \
                 WHERE hash = $2 AND pg_catalog.sha256(bytes) = $14) AS access, ",
            now!(),
            " AS now), \
             used_tree AS (UPDATE orgcache.orgcache_tree SET unused_since = NULL \
               WHERE fingerprint = $1 AND unused_since IS NOT NULL), \
             used_access AS (UPDATE orgcache.orgcache_access SET unused_since = NULL \
               WHERE hash = $2 AND unused_since IS NOT NULL), ",
            $replaced,
            "made AS (INSERT INTO orgcache.orgcache_session \
               (id, client_id, user_id, role_id, org_id, tree, access, idle, absolute, began, seen) \
               SELECT $3, $4, $5, $6, $7, $1, $2, $8, $9, now, now FROM there WHERE tree AND access",
            $condition,
            " RETURNING 1) \
             SELECT (SELECT COUNT(*) FROM made), CASE WHEN tree AND access THEN 1::bigint ELSE 0 END FROM there"
        )
    };
}

pub(super) const CREATE: &str = create!("", "");
pub(super) const CREATE_REPLACING: &str = create!(
    "replaced AS (DELETE FROM orgcache.orgcache_session WHERE id = $10 \
       AND (SELECT tree AND access FROM there) RETURNING 1), ",
    " AND EXISTS (SELECT FROM replaced)"
);

/// Does a session exist?
pub(super) const EXISTS: &str = "SELECT 1 FROM orgcache.orgcache_session WHERE id = $1";

/// Locks rows in name order, so that nodes that touch the same sessions do not deadlock.
pub(super) const TOUCH: &str = concat!(
    "WITH used AS (SELECT decode(name, 'hex') AS id, ",
    now!(),
    " - ago AS seen FROM unnest(pg_catalog.string_to_array($1, ','), \
       pg_catalog.string_to_array($2, ',')::bigint[]) AS u (name, ago)), \
     later AS (SELECT s.id, used.seen FROM orgcache.orgcache_session s JOIN used ON used.id = s.id \
       WHERE s.seen < used.seen ORDER BY s.id FOR NO KEY UPDATE OF s) \
     UPDATE orgcache.orgcache_session s SET seen = GREATEST(s.seen, later.seen) FROM later WHERE s.id = later.id"
);

/// The id is enough, so no clock is compared.
pub(super) const END_SESSION: &str = "WITH ended AS (DELETE FROM orgcache.orgcache_session WHERE id = $1 \
     RETURNING 1) SELECT COUNT(*) FROM ended";

/// Spares the sessions that began less than `ago` ago, or none if `ago` is zero. A session that began in the
/// future was created before the clock was set back, and ends. If the server was started within `ago`,
/// sessions from before its start end too, because they may have been created under another clock. Append the
/// condition.
pub(super) const END: [&str; 2] = [
    concat!(
        "WITH clock AS MATERIALIZED (SELECT now, GREATEST(now - $1, \
           pg_catalog.floor(extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000)::bigint) AS spared \
           FROM (SELECT ",
        now!(),
        " AS now) c), \
         ended AS (DELETE FROM orgcache.orgcache_session USING clock WHERE "
    ),
    " AND (began <= spared OR began > now) RETURNING 1) SELECT COUNT(*) FROM ended",
];

/// Skips sessions that are being touched, and checks touched ones again before locking them.
pub(super) const SWEEP: &str = concat!(
    "WITH over AS (SELECT id FROM orgcache.orgcache_session \
       WHERE began + LEAST(absolute, 4611686018427387904) < (SELECT ",
    now!(),
    ") OR seen + LEAST(idle, 4611686018427387904) < (SELECT ",
    now!(),
    ") - $1 LIMIT $2 FOR UPDATE SKIP LOCKED), \
     swept AS (DELETE FROM orgcache.orgcache_session s USING over WHERE s.id = over.id RETURNING 1) \
     SELECT COUNT(*) FROM swept"
);

/// Records a name unless it is recorded. A concurrent call with the same name waits for the first to commit.
pub(super) const USE_ONCE: &str = "WITH used AS (INSERT INTO orgcache.orgcache_assertion (id, expires) \
     VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1) SELECT COUNT(*) FROM used";

pub(super) const FORGET_USED: &str = "WITH forgotten AS (DELETE FROM orgcache.orgcache_assertion WHERE id IN \
     (SELECT id FROM orgcache.orgcache_assertion WHERE expires < $2 ORDER BY expires LIMIT $1 \
     FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT COUNT(*) FROM forgotten";

/// The tables that sessions refer to: table, key, and column of the session.
pub(super) const REFERENCED: [[&str; 3]; 2] =
    [["orgcache.orgcache_tree", "fingerprint", "tree"], ["orgcache.orgcache_access", "hash", "access"]];

/// The three steps of collecting unreferenced contents: unmark those that are used again; mark up to a limit
/// of unused ones; delete those that have been marked for the grace time.
///
/// A login in progress locks the contents that it refers to, and the statement skips them. If a login
/// committed after the statement began, the foreign key makes the statement fail.
pub(super) fn collect([table, key, column]: [&str; 3]) -> String {
    const COLLECT: &str = concat!(
        "UPDATE {table} c SET unused_since = NULL WHERE unused_since IS NOT NULL AND {used}; \
         UPDATE {table} SET unused_since = ",
        now!(),
        " WHERE {key} IN (SELECT {key} FROM {table} c WHERE unused_since IS NULL AND NOT {used} \
           LIMIT $3 FOR UPDATE SKIP LOCKED); \
         WITH gone AS (DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} c \
           WHERE unused_since <= (SELECT ",
        now!(),
        ") - $1 AND NOT {used} ORDER BY unused_since LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1) \
         SELECT COUNT(*) FROM gone"
    );
    COLLECT
        .replace("{used}", "EXISTS (SELECT FROM orgcache.orgcache_session s WHERE s.{column} = c.{key})")
        .replace("{table}", table)
        .replace("{key}", key)
        .replace("{column}", column)
}
