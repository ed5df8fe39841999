CREATE TABLE IF NOT EXISTS ad_role_orgaccess (
    ad_role_orgaccess_id TEXT NOT NULL PRIMARY KEY,
    ad_role_id           TEXT NOT NULL,
    ad_org_id            TEXT NOT NULL,
    ad_client_id         TEXT NOT NULL,
    isactive             TEXT NOT NULL DEFAULT 'Y',
    is_org_admin         TEXT DEFAULT 'N',
    inherited_from       TEXT,
    created              TEXT,
    createdby            TEXT,
    updated              TEXT,
    updatedby            TEXT,
    CONSTRAINT ad_role_orgaccess_role_org UNIQUE (ad_role_id, ad_org_id)
);
