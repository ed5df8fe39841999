CREATE TABLE IF NOT EXISTS ad_role (
    ad_role_id        TEXT NOT NULL PRIMARY KEY,
    ad_client_id      TEXT NOT NULL,
    ad_org_id         TEXT,
    isactive          TEXT NOT NULL DEFAULT 'Y',
    name              TEXT NOT NULL,
    userlevel         TEXT NOT NULL DEFAULT '  O',
    ismanual          TEXT DEFAULT 'Y',
    is_client_admin   TEXT DEFAULT 'N',
    istemplate        TEXT DEFAULT 'N',
    isrestrictbackend TEXT DEFAULT 'N',
    isportal          TEXT DEFAULT 'N',
    created           TEXT,
    createdby         TEXT,
    updated           TEXT,
    updatedby         TEXT
);
