CREATE TABLE IF NOT EXISTS ad_org_tree (
    ad_org_tree_id   TEXT NOT NULL PRIMARY KEY,
    ad_client_id     TEXT NOT NULL,
    isactive         TEXT NOT NULL DEFAULT 'Y',
    ad_org_id        TEXT NOT NULL,
    ad_parent_org_id TEXT NOT NULL,
    levelno          NUMERIC NOT NULL,
    created          TEXT,
    createdby        TEXT,
    updated          TEXT,
    updatedby        TEXT,
    CONSTRAINT ad_org_tree_path UNIQUE (ad_org_id, ad_parent_org_id, ad_client_id, levelno)
);
CREATE INDEX IF NOT EXISTS ad_org_tree_client ON ad_org_tree (ad_client_id);
