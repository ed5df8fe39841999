CREATE TABLE IF NOT EXISTS ad_user_roles (
    ad_user_roles_id TEXT NOT NULL PRIMARY KEY,
    ad_user_id       TEXT NOT NULL,
    ad_role_id       TEXT NOT NULL,
    ad_client_id     TEXT NOT NULL,
    ad_org_id        TEXT,
    isactive         TEXT NOT NULL DEFAULT 'Y',
    is_role_admin    TEXT DEFAULT 'N',
    created          TEXT,
    createdby        TEXT,
    updated          TEXT,
    updatedby        TEXT,
    CONSTRAINT ad_user_roles_user_role UNIQUE (ad_user_id, ad_role_id)
);
