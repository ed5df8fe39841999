CREATE TABLE IF NOT EXISTS ad_user (
    ad_user_id           varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id         varchar(32) NOT NULL,
    ad_org_id            varchar(32),
    isactive             char(1) NOT NULL DEFAULT 'Y',
    username             varchar(60),
    islocked             char(1) DEFAULT 'N',
    default_ad_client_id varchar(32),
    default_ad_org_id    varchar(32),
    default_ad_role_id   varchar(32),
    created              timestamp,
    createdby            varchar(32),
    updated              timestamp,
    updatedby            varchar(32)
);
CREATE INDEX IF NOT EXISTS ad_user_username ON ad_user (username);
