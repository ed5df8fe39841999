CREATE TABLE IF NOT EXISTS ad_treenode (
    ad_treenode_id varchar(32) NOT NULL PRIMARY KEY,
    ad_tree_id     varchar(32) NOT NULL,
    node_id        varchar(32) NOT NULL,
    ad_client_id   varchar(32),
    ad_org_id      varchar(32),
    isactive       char(1) NOT NULL DEFAULT 'Y',
    parent_id      varchar(32),
    seqno          numeric,
    created        timestamp,
    createdby      varchar(32),
    updated        timestamp,
    updatedby      varchar(32),
    CONSTRAINT ad_treenode_tree_node UNIQUE (ad_tree_id, node_id)
);
