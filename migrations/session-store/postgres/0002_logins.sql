-- Password hashes.
CREATE TABLE IF NOT EXISTS orgcache.orgcache_password (
    ad_user_id    varchar(32) COLLATE "C" PRIMARY KEY,
    password_hash text NOT NULL
);

-- Before it was versioned, this table was in the first schema of the user's search path. Copy its rows, and keep the
-- old table for older programs during a rolling upgrade.
DO $$
DECLARE
    earlier pg_catalog.regclass;
BEGIN
    FOR earlier IN
        SELECT c.oid
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = 'orgcache_password' AND c.relkind = 'r' AND n.nspname <> 'orgcache'
          AND n.nspname = ANY (pg_catalog.current_schemas(false))
        ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname)
    LOOP
        EXECUTE pg_catalog.format(
            'INSERT INTO orgcache.orgcache_password (ad_user_id, password_hash)
             SELECT ad_user_id, password_hash FROM %s ON CONFLICT DO NOTHING',
            earlier
        );
    END LOOP;
END
$$;

-- Used assertions, until they expire.
CREATE TABLE orgcache.orgcache_assertion (
    -- A hash of the issuer and of the assertion's id.
    id      bytea PRIMARY KEY CHECK (length(id) = 32),
    expires bigint NOT NULL
);
CREATE INDEX orgcache_assertion_expires ON orgcache.orgcache_assertion (expires);
