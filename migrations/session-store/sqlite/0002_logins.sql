-- Hashes of passwords. Where this table was made before it had a version, it stays with its rows.
CREATE TABLE IF NOT EXISTS orgcache_password (
    ad_user_id    VARCHAR(32) NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL
);

-- Assertions that were used, until nobody would take them for valid any more.
CREATE TABLE orgcache_assertion (
    -- A hash of who issued it and of the name that it has there.
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orgcache_assertion_expires ON orgcache_assertion (expires);
