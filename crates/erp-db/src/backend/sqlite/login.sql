-- The statements of a login on SQLite, as sent. This file is documentation: source/statements.rs builds the
-- statements, and a test compares them with this file. $1, $2, … stand for values.
--
-- A database without `ad_role.ismanual` or `ad_org.timezone`, which later versions of the ERP added, gets
-- NULL in their place. If a column has an unusual type, a WITH clause first converts it to text.

-- ## facts
-- May the user $1 log in with the role $2 (or null) in the client $3 (or null), and what may the role do? One
-- row for the user, the role and the organizations, each with all its rows packed into one text.
SELECT (
  -- The user with its roles.
  SELECT group_concat(json_array(
    iif(typeof(u.ad_client_id) = 'blob', x'ff', u.ad_client_id),
    iif(typeof(u.isactive) = 'blob', x'ff', u.isactive),
    iif(typeof(u.islocked) = 'blob', x'ff', u.islocked),
    iif(typeof(u.default_ad_role_id) = 'blob', x'ff', u.default_ad_role_id),
    iif(typeof(u.default_ad_org_id) = 'blob', x'ff', u.default_ad_org_id),
    iif(typeof(l.ad_role_id) = 'blob', x'ff', l.ad_role_id),
    iif(typeof(l.isactive) = 'blob', x'ff', l.isactive),
    iif(typeof(r.ad_client_id) = 'blob', x'ff', r.ad_client_id),
    iif(typeof(r.isactive) = 'blob', x'ff', r.isactive),
    iif(typeof(c.isactive) = 'blob', x'ff', c.isactive)
  ), char(10))
  FROM ad_user u
  LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id
  LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id
  LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id
  WHERE u.ad_user_id = $1
), (
  -- The role with its access rows.
  SELECT group_concat(json_array(
    iif(typeof(r.ad_client_id) = 'blob', x'ff', r.ad_client_id),
    iif(typeof(r.userlevel) = 'blob', x'ff', r.userlevel),
    iif(typeof(r.isactive) = 'blob', x'ff', r.isactive),
    iif(typeof(r.ismanual) = 'blob', x'ff', r.ismanual),
    iif(typeof(c.ad_client_id) = 'blob', x'ff', c.ad_client_id),
    iif(typeof(c.isactive) = 'blob', x'ff', c.isactive),
    iif(typeof(a.ad_org_id) = 'blob', x'ff', a.ad_org_id),
    iif(typeof(a.ad_client_id) = 'blob', x'ff', a.ad_client_id),
    iif(typeof(a.isactive) = 'blob', x'ff', a.isactive),
    iif(typeof(o.ad_org_id) = 'blob', x'ff', o.ad_org_id),
    iif(typeof(o.ad_client_id) = 'blob', x'ff', o.ad_client_id),
    iif(typeof(o.isactive) = 'blob', x'ff', o.isactive)
  ), char(10))
  FROM ad_role r
  LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id
  LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id
  LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id
  WHERE r.ad_role_id = taken.role_id
), (
  -- The organizations that the role's access depends on.
  SELECT group_concat(json_array(
    iif(typeof(ad_org_id) = 'blob', x'ff', ad_org_id),
    iif(typeof(isactive) = 'blob', x'ff', isactive)
  ), char(10))
  FROM ad_org
  WHERE ad_client_id = taken.client_id
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
      ORDER BY CASE WHEN l.ad_role_id = u.default_ad_role_id THEN 0 ELSE 1 END, l.ad_role_id LIMIT 1
    )) AS role_id
    LIMIT 1
  ) chosen
  LIMIT 1
) taken

-- ## counters
-- The revision of the tree of client $1, if triggers count its changes.
SELECT s.triggers, s.installed, s.every, s.own, NULL
FROM (
  SELECT COUNT(*) AS triggers, (SELECT CAST(schema_version AS TEXT) FROM pragma_schema_version) AS
  installed, (SELECT revision || ':' || mark FROM orgcache_revision WHERE client_id = '') AS every,
  (SELECT revision || ':' || mark FROM orgcache_revision WHERE client_id = $1) AS own
  FROM sqlite_master
  WHERE type = 'trigger'
  AND name LIKE 'orgcache@_revision@_%' ESCAPE '@'
  AND instr(sql, 'orgcache revisions 2') > 0
  AND lower(tbl_name) IN ('ad_clientinfo', 'ad_org', 'ad_orgtype', 'ad_tree', 'ad_treenode')
) s

-- ## digest
-- The revision without triggers: the tree's rows, which this process digests, and whether counters exist.
SELECT (
    SELECT group_concat(json_array(
      iif(typeof(i.ad_tree_org_id) = 'blob', x'ff', i.ad_tree_org_id),
      iif(typeof(t.ad_tree_id) = 'blob', x'ff', t.ad_tree_id),
      iif(typeof(n.node_id) = 'blob', x'ff', n.node_id),
      iif(typeof(n.parent_id) = 'blob', x'ff', n.parent_id),
      iif(typeof(o.ad_org_id) = 'blob', x'ff', o.ad_org_id),
      iif(typeof(o.ad_client_id) = 'blob', x'ff', o.ad_client_id),
      iif(typeof(o.isactive) = 'blob', x'ff', o.isactive),
      iif(typeof(o.isready) = 'blob', x'ff', o.isready),
      iif(typeof(o.isperiodcontrolallowed) = 'blob', x'ff', o.isperiodcontrolallowed),
      iif(typeof(o.c_calendar_id) = 'blob', x'ff', o.c_calendar_id),
      iif(typeof(o.ad_orgtype_id) = 'blob', x'ff', o.ad_orgtype_id),
      iif(typeof(y.ad_orgtype_id) = 'blob', x'ff', y.ad_orgtype_id),
      iif(typeof(y.islegalentity) = 'blob', x'ff', y.islegalentity),
      iif(typeof(y.isbusinessunit) = 'blob', x'ff', y.isbusinessunit),
      iif(typeof(y.istransactionsallowed) = 'blob', x'ff', y.istransactionsallowed),
      iif(typeof(y.isacctlegalentity) = 'blob', x'ff', y.isacctlegalentity),
      iif(typeof(o.timezone) = 'blob', x'ff', o.timezone)
    ), char(10))
    FROM ad_client c
    LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id
    LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155'
    LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id
    LEFT JOIN ad_org o ON o.ad_org_id = n.node_id
    LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id
    WHERE c.ad_client_id = $1
  ),
  CASE WHEN EXISTS (
    SELECT 1
    FROM pragma_table_info('orgcache_revision')
    WHERE name = 'mark'
  ) THEN 'Y' ELSE 'N' END

-- ## tree
-- The rows of the tree of client $1, if its revision is new. With counters, this expression replaces the NULL
-- of `counters`, so that rows and revision are of one snapshot.
SELECT (
  SELECT group_concat(json_array(
    iif(typeof(i.ad_tree_org_id) = 'blob', x'ff', i.ad_tree_org_id),
    iif(typeof(t.ad_tree_id) = 'blob', x'ff', t.ad_tree_id),
    iif(typeof(n.node_id) = 'blob', x'ff', n.node_id),
    iif(typeof(n.parent_id) = 'blob', x'ff', n.parent_id),
    iif(typeof(o.ad_org_id) = 'blob', x'ff', o.ad_org_id),
    iif(typeof(o.ad_client_id) = 'blob', x'ff', o.ad_client_id),
    iif(typeof(o.isactive) = 'blob', x'ff', o.isactive),
    iif(typeof(o.isready) = 'blob', x'ff', o.isready),
    iif(typeof(o.isperiodcontrolallowed) = 'blob', x'ff', o.isperiodcontrolallowed),
    iif(typeof(o.c_calendar_id) = 'blob', x'ff', o.c_calendar_id),
    iif(typeof(o.ad_orgtype_id) = 'blob', x'ff', o.ad_orgtype_id),
    iif(typeof(y.ad_orgtype_id) = 'blob', x'ff', y.ad_orgtype_id),
    iif(typeof(y.islegalentity) = 'blob', x'ff', y.islegalentity),
    iif(typeof(y.isbusinessunit) = 'blob', x'ff', y.isbusinessunit),
    iif(typeof(y.istransactionsallowed) = 'blob', x'ff', y.istransactionsallowed),
    iif(typeof(y.isacctlegalentity) = 'blob', x'ff', y.isacctlegalentity),
    iif(typeof(o.timezone) = 'blob', x'ff', o.timezone)
  ), char(10))
  FROM ad_client c
  LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id
  LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155'
  LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id
  LEFT JOIN ad_org o ON o.ad_org_id = n.node_id
  LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id
  WHERE c.ad_client_id = $1
)

-- ## store: look
-- Are the tree $1 and the access $2 stored, does the session $3 to be replaced exist, and is the tree or the
-- access marked as unused?
SELECT EXISTS (SELECT 1 FROM orgcache_tree WHERE fingerprint = $1), EXISTS (SELECT 1 FROM
orgcache_access WHERE hash = $2), EXISTS (SELECT 1 FROM orgcache_session WHERE id = $3), EXISTS
(SELECT 1 FROM orgcache_tree WHERE fingerprint = $1 AND unused_since IS NOT NULL) OR EXISTS (SELECT
1 FROM orgcache_access WHERE hash = $2 AND unused_since IS NOT NULL)

-- ## store: add
-- The session itself.
INSERT INTO orgcache_session (id, client_id, user_id, role_id, org_id, tree, access, idle, absolute,
began, seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST(ROUND(unixepoch('subsec') * 1000) AS
INTEGER), CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER))
