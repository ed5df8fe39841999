-- Times are milliseconds since 1970 on this database's clock, durations are milliseconds.
-- Ids are compared byte for byte.

CREATE TABLE orgcache.orgcache_tree (
    fingerprint  bytea PRIMARY KEY CHECK (length(fingerprint) = 32),
    bytes        bytea NOT NULL,
    -- When a collection found that no session refers to this row.
    unused_since bigint
);
CREATE INDEX orgcache_tree_unused ON orgcache.orgcache_tree (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE orgcache.orgcache_access (
    hash         bytea PRIMARY KEY CHECK (length(hash) = 32),
    bytes        bytea NOT NULL,
    unused_since bigint
);
CREATE INDEX orgcache_access_unused ON orgcache.orgcache_access (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE orgcache.orgcache_session (
    -- The hash of the token. The token itself is not stored.
    id        bytea PRIMARY KEY CHECK (length(id) = 32),
    client_id text COLLATE "C" NOT NULL,
    user_id   text COLLATE "C" NOT NULL,
    role_id   text COLLATE "C" NOT NULL,
    org_id    text COLLATE "C" NOT NULL,
    tree      bytea NOT NULL REFERENCES orgcache.orgcache_tree,
    access    bytea NOT NULL REFERENCES orgcache.orgcache_access,
    idle      bigint NOT NULL CHECK (idle >= 0),
    absolute  bigint NOT NULL CHECK (absolute >= 0),
    began     bigint NOT NULL,
    seen      bigint NOT NULL
);

-- To list and end sessions by client, user and role.
CREATE INDEX orgcache_session_client ON orgcache.orgcache_session (client_id, id);
CREATE INDEX orgcache_session_user ON orgcache.orgcache_session (client_id, user_id, id);
CREATE INDEX orgcache_session_role ON orgcache.orgcache_session (client_id, role_id, id);
-- To find unreferenced trees and accesses.
CREATE INDEX orgcache_session_tree ON orgcache.orgcache_session (tree);
CREATE INDEX orgcache_session_access ON orgcache.orgcache_session (access);
-- To sweep expired sessions. The limit keeps the sum from overflowing.
CREATE INDEX orgcache_session_ends ON orgcache.orgcache_session ((began + LEAST(absolute, 4611686018427387904)));
CREATE INDEX orgcache_session_idles ON orgcache.orgcache_session ((seen + LEAST(idle, 4611686018427387904)));
