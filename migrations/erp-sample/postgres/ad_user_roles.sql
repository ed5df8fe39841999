CREATE TABLE IF NOT EXISTS ad_user_roles (
    ad_user_roles_id varchar(32) NOT NULL PRIMARY KEY,
    ad_user_id       varchar(32) NOT NULL,
    ad_role_id       varchar(32) NOT NULL,
    ad_client_id     varchar(32) NOT NULL,
    ad_org_id        varchar(32),
    isactive         char(1) NOT NULL DEFAULT 'Y',
    is_role_admin    char(1) DEFAULT 'N',
    created          timestamp,
    createdby        varchar(32),
    updated          timestamp,
    updatedby        varchar(32),
    CONSTRAINT ad_user_roles_user_role UNIQUE (ad_user_id, ad_role_id)
);
