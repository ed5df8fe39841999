CREATE TABLE IF NOT EXISTS ad_user (
    ad_user_id           TEXT NOT NULL PRIMARY KEY,
    ad_client_id         TEXT NOT NULL,
    ad_org_id            TEXT,
    isactive             TEXT NOT NULL DEFAULT 'Y',
    username             TEXT,
    islocked             TEXT DEFAULT 'N',
    default_ad_client_id TEXT,
    default_ad_org_id    TEXT,
    default_ad_role_id   TEXT,
    created              TEXT,
    createdby            TEXT,
    updated              TEXT,
    updatedby            TEXT
);
CREATE INDEX IF NOT EXISTS ad_user_username ON ad_user (username);
