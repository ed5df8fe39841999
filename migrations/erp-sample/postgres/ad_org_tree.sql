CREATE TABLE IF NOT EXISTS ad_org_tree (
    ad_org_tree_id   varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id     varchar(32) NOT NULL,
    isactive         char(1) NOT NULL DEFAULT 'Y',
    ad_org_id        varchar(32) NOT NULL,
    ad_parent_org_id varchar(32) NOT NULL,
    levelno          numeric NOT NULL,
    created          timestamp,
    createdby        varchar(32),
    updated          timestamp,
    updatedby        varchar(32),
    CONSTRAINT ad_org_tree_path UNIQUE (ad_org_id, ad_parent_org_id, ad_client_id, levelno)
);
CREATE INDEX IF NOT EXISTS ad_org_tree_client ON ad_org_tree (ad_client_id);
