CREATE TABLE IF NOT EXISTS ad_tree (
    ad_tree_id   TEXT NOT NULL PRIMARY KEY,
    ad_client_id TEXT NOT NULL,
    ad_org_id    TEXT,
    isactive     TEXT NOT NULL DEFAULT 'Y',
    name         TEXT NOT NULL,
    treetype     TEXT,
    isallnodes   TEXT DEFAULT 'N',
    ad_table_id  TEXT,
    created      TEXT,
    createdby    TEXT,
    updated      TEXT,
    updatedby    TEXT
);
CREATE INDEX IF NOT EXISTS ad_tree_client ON ad_tree (ad_client_id);
