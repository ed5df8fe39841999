CREATE TABLE IF NOT EXISTS ad_clientinfo (
    ad_client_id   varchar(32) NOT NULL PRIMARY KEY,
    isactive       char(1) NOT NULL DEFAULT 'Y',
    ad_tree_org_id varchar(32),
    created        timestamp,
    createdby      varchar(32),
    updated        timestamp,
    updatedby      varchar(32)
);
