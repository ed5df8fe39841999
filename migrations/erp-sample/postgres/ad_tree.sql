CREATE TABLE IF NOT EXISTS ad_tree (
    ad_tree_id   varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id varchar(32) NOT NULL,
    ad_org_id    varchar(32),
    isactive     char(1) NOT NULL DEFAULT 'Y',
    name         varchar(255) NOT NULL,
    treetype     varchar(60),
    isallnodes   char(1) DEFAULT 'N',
    ad_table_id  varchar(32),
    created      timestamp,
    createdby    varchar(32),
    updated      timestamp,
    updatedby    varchar(32)
);
CREATE INDEX IF NOT EXISTS ad_tree_client ON ad_tree (ad_client_id);
