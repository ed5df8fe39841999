CREATE TABLE IF NOT EXISTS ad_client (
    ad_client_id varchar(32) NOT NULL PRIMARY KEY,
    ad_org_id    varchar(32),
    isactive     char(1) NOT NULL DEFAULT 'Y',
    value        varchar(40) NOT NULL,
    name         varchar(60) NOT NULL,
    created      timestamp,
    createdby    varchar(32),
    updated      timestamp,
    updatedby    varchar(32)
);
