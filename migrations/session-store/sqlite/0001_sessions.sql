-- Times are milliseconds since 1970 on this machine's clock, durations are milliseconds.
-- Ids are compared byte for byte.

CREATE TABLE orgcache_tree (
    fingerprint  BLOB NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 32),
    bytes        BLOB NOT NULL,
    -- When a collection found that no session refers to this row.
    unused_since INTEGER
);
CREATE INDEX orgcache_tree_unused ON orgcache_tree (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE orgcache_access (
    hash         BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    bytes        BLOB NOT NULL,
    unused_since INTEGER
);
CREATE INDEX orgcache_access_unused ON orgcache_access (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE orgcache_session (
    -- The hash of the token. The token itself is not stored.
    id        BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    client_id TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    role_id   TEXT NOT NULL,
    org_id    TEXT NOT NULL,
    tree      BLOB NOT NULL REFERENCES orgcache_tree,
    access    BLOB NOT NULL REFERENCES orgcache_access,
    idle      INTEGER NOT NULL CHECK (idle >= 0),
    absolute  INTEGER NOT NULL CHECK (absolute >= 0),
    began     INTEGER NOT NULL,
    seen      INTEGER NOT NULL
) WITHOUT ROWID;

-- To list and end sessions by client, user and role. Every index contains the primary key.
CREATE INDEX orgcache_session_client ON orgcache_session (client_id);
CREATE INDEX orgcache_session_user ON orgcache_session (client_id, user_id);
CREATE INDEX orgcache_session_role ON orgcache_session (client_id, role_id);
-- To find unreferenced trees and accesses.
CREATE INDEX orgcache_session_tree ON orgcache_session (tree);
CREATE INDEX orgcache_session_access ON orgcache_session (access);
-- To sweep expired sessions. The limit keeps the sum from overflowing.
CREATE INDEX orgcache_session_ends ON orgcache_session (began + MIN(absolute, 4611686018427387904));
CREATE INDEX orgcache_session_idles ON orgcache_session (seen + MIN(idle, 4611686018427387904));
