-- The statements of a login on PostgreSQL, as sent. This file is documentation: source/statements.rs builds
-- the statements, and a test compares them with this file. $1, $2, … stand for values, which are part of the
-- text as hexadecimal digits.
--
-- A database without `ad_role.ismanual` or `ad_org.timezone`, which later versions of the ERP added, gets
-- NULL in their place. If a column has an unusual type, a WITH clause first converts it to text. Settings
-- precede each statement in the same message: SET LOCAL statement_timeout = …;

-- ## facts
-- May the user $1 log in with the role $2 (or null) in the client $3 (or null), and what may the role do? One
-- row for the user, the role and the organizations, each with all its rows packed into one text.
SELECT (
  -- The user with its roles.
  SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE "C") FROM (
    SELECT CAST(pg_catalog.to_json(ARRAY[
      u.ad_client_id, u.isactive, u.islocked, u.default_ad_role_id, u.default_ad_org_id,
      l.ad_role_id, l.isactive, r.ad_client_id, r.isactive, c.isactive,
      CAST(NULL AS pg_catalog.text)
    ]) AS pg_catalog.text) AS j
    FROM ad_user u
    LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id
    LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id
    LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id
    WHERE u.ad_user_id = $1
  ) packed
), (
  -- The role with its access rows.
  SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE "C") FROM (
    SELECT CAST(pg_catalog.to_json(ARRAY[
      r.ad_client_id, r.userlevel, r.isactive, r.ismanual, c.ad_client_id, c.isactive, a.ad_org_id,
      a.ad_client_id, a.isactive, o.ad_org_id, o.ad_client_id, o.isactive,
      CAST(NULL AS pg_catalog.text)
    ]) AS pg_catalog.text) AS j
    FROM ad_role r
    LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id
    LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id
    LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id
    WHERE r.ad_role_id = taken.role_id
  ) packed
), (
  -- The organizations that the role's access depends on.
  SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE "C") FROM (
    SELECT CAST(pg_catalog.to_json(ARRAY[
      ad_org_id, isactive, CAST(NULL AS pg_catalog.text)
    ]) AS pg_catalog.text) AS j
    FROM ad_org
    WHERE ad_client_id = taken.client_id
  ) packed
),
taken.role_id, CASE WHEN taken.client_id IS NULL THEN 'N' ELSE 'Y' END
FROM (
  -- The requested role, or else the user's default role, or else the first one.
  SELECT chosen.role_id, (
    SELECT r.ad_client_id
    FROM ad_role r
    WHERE r.ad_role_id = chosen.role_id
    AND (r.ismanual = 'N' OR EXISTS (SELECT 1 FROM ad_role_orgaccess a WHERE a.ad_role_id = r.ad_role_id
    AND a.ad_org_id = '0'))
  ) AS client_id
  FROM (
    SELECT COALESCE($2, (
      SELECT l.ad_role_id
      FROM ad_user u
      JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id
      JOIN ad_role r ON r.ad_role_id = l.ad_role_id
      JOIN ad_client c ON c.ad_client_id = r.ad_client_id
      WHERE u.ad_user_id = $1
      AND l.isactive = 'Y'
      AND r.isactive = 'Y'
      AND c.isactive = 'Y'
      AND (r.ad_client_id = u.ad_client_id OR u.ad_user_id = '100' AND u.ad_client_id = '0')
      AND r.ad_client_id = COALESCE($3, r.ad_client_id)
      ORDER BY CASE WHEN l.ad_role_id = u.default_ad_role_id THEN 0 ELSE 1 END, l.ad_role_id COLLATE "C"
      LIMIT 1
    )) AS role_id
    LIMIT 1
  ) chosen
  LIMIT 1
) taken

-- ## counters
-- The revision of the tree of client $1, if triggers count its changes.
SELECT s.triggers, s.installed, s.every, s.own, NULL
FROM (
  SELECT COUNT(*) AS triggers, pg_catalog.pg_postmaster_start_time()::text || ' ' ||
  pg_catalog.string_agg(t.oid || ':' || t.xmin::text || ':' || p.xmin::text, ',' ORDER BY t.oid) AS
  installed, (SELECT revision || ':' || mark FROM orgcache.orgcache_revision WHERE client_id = '') AS
  every, (SELECT revision || ':' || mark FROM orgcache.orgcache_revision WHERE client_id = $1) AS own
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  WHERE c.relname IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode')
  AND pg_catalog.pg_table_is_visible(c.oid)
  AND t.tgname LIKE 'orgcache@_revision@_%' ESCAPE '@'
  AND t.tgenabled = 'A'
  AND pg_catalog.strpos(p.prosrc, 'orgcache revisions 2') > 0
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = t.tgrelid)
) s

-- ## digest
-- The revision without triggers: a digest of the tree's rows, and whether counters exist.
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend((
    SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE "C") FROM (
      SELECT CAST(pg_catalog.to_json(ARRAY[
        i.ad_tree_org_id, t.ad_tree_id, n.node_id, n.parent_id, o.ad_org_id, o.ad_client_id,
        o.isactive, o.isready, o.isperiodcontrolallowed, o.c_calendar_id, o.ad_orgtype_id,
        y.ad_orgtype_id, y.islegalentity, y.isbusinessunit, y.istransactionsallowed,
        y.isacctlegalentity, o.timezone, CAST(NULL AS pg_catalog.text)
      ]) AS pg_catalog.text) AS j
      FROM ad_client c
      LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id
      LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155'
      LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id
      LEFT JOIN ad_org o ON o.ad_org_id = n.node_id
      LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id
      WHERE c.ad_client_id = $1
    ) packed
  ))), 'hex'),
  CASE WHEN EXISTS (
    SELECT 1
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'mark' AND NOT a.attisdropped
    WHERE n.nspname = 'orgcache'
    AND c.relname = 'orgcache_revision'
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  ) THEN 'Y' ELSE 'N' END

-- ## tree
-- The rows of the tree of client $1, if its revision is new. With counters, this expression replaces the NULL
-- of `counters`, so that rows and revision are of one snapshot.
SELECT (
  SELECT pg_catalog.string_agg(j, pg_catalog.chr(10) ORDER BY j COLLATE "C") FROM (
    SELECT CAST(pg_catalog.to_json(ARRAY[
      i.ad_tree_org_id, t.ad_tree_id, n.node_id, n.parent_id, o.ad_org_id, o.ad_client_id,
      o.isactive, o.isready, o.isperiodcontrolallowed, o.c_calendar_id, o.ad_orgtype_id,
      y.ad_orgtype_id, y.islegalentity, y.isbusinessunit, y.istransactionsallowed,
      y.isacctlegalentity, o.timezone, CAST(NULL AS pg_catalog.text)
    ]) AS pg_catalog.text) AS j
    FROM ad_client c
    LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id
    LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155'
    LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id
    LEFT JOIN ad_org o ON o.ad_org_id = n.node_id
    LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id
    WHERE c.ad_client_id = $1
  ) packed
)

-- ## store
-- Stores the session $3 if its tree $1 and access $2 exist with the right bytes, whose SHA-256 are $13 and
-- $14. If this node does not know that they exist, statements that add them come first.
WITH there AS (
  SELECT EXISTS (SELECT FROM orgcache.orgcache_tree WHERE fingerprint = $1 AND
  pg_catalog.sha256(bytes) = $13) AS tree, EXISTS (SELECT FROM orgcache.orgcache_access WHERE hash
  = $2 AND pg_catalog.sha256(bytes) = $14) AS access, pg_catalog.floor(extract(epoch FROM
  pg_catalog.clock_timestamp()) * 1000)::bigint AS now),
used_tree AS (
  UPDATE orgcache.orgcache_tree SET unused_since = NULL WHERE fingerprint = $1 AND unused_since IS
  NOT NULL),
used_access AS (
  UPDATE orgcache.orgcache_access SET unused_since = NULL WHERE hash = $2 AND unused_since IS NOT
  NULL),
made AS (
  INSERT INTO orgcache.orgcache_session (id, client_id, user_id, role_id, org_id, tree, access,
  idle, absolute, began, seen) SELECT $3, $4, $5, $6, $7, $1, $2, $8, $9, now, now FROM there
  WHERE tree AND access RETURNING 1) SELECT (SELECT COUNT(*) FROM made), CASE WHEN tree AND access
  THEN 1::bigint ELSE 0 END FROM there
