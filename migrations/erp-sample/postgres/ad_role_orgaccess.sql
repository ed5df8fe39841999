CREATE TABLE IF NOT EXISTS ad_role_orgaccess (
    ad_role_orgaccess_id varchar(32) NOT NULL PRIMARY KEY,
    ad_role_id           varchar(32) NOT NULL,
    ad_org_id            varchar(32) NOT NULL,
    ad_client_id         varchar(32) NOT NULL,
    isactive             char(1) NOT NULL DEFAULT 'Y',
    is_org_admin         char(1) DEFAULT 'N',
    inherited_from       varchar(32),
    created              timestamp,
    createdby            varchar(32),
    updated              timestamp,
    updatedby            varchar(32),
    CONSTRAINT ad_role_orgaccess_role_org UNIQUE (ad_role_id, ad_org_id)
);
