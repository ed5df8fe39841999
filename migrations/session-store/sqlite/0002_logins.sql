-- Password hashes. A table from before versioning is kept with its rows.
CREATE TABLE IF NOT EXISTS orgcache_password (
    ad_user_id    VARCHAR(32) NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL
);

-- Used assertions, until they expire.
CREATE TABLE orgcache_assertion (
    -- A hash of the issuer and of the assertion's id.
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orgcache_assertion_expires ON orgcache_assertion (expires);
