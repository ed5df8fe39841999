CREATE TABLE IF NOT EXISTS ad_clientinfo (
    ad_client_id   TEXT NOT NULL PRIMARY KEY,
    isactive       TEXT NOT NULL DEFAULT 'Y',
    ad_tree_org_id TEXT,
    created        TEXT,
    createdby      TEXT,
    updated        TEXT,
    updatedby      TEXT
);
