CREATE TABLE IF NOT EXISTS ad_client (
    ad_client_id TEXT NOT NULL PRIMARY KEY,
    ad_org_id    TEXT,
    isactive     TEXT NOT NULL DEFAULT 'Y',
    value        TEXT NOT NULL,
    name         TEXT NOT NULL,
    created      TEXT,
    createdby    TEXT,
    updated      TEXT,
    updatedby    TEXT
);
