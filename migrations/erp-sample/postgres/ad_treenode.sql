CREATE TABLE IF NOT EXISTS ad_treenode (
    ad_treenode_id varchar(32) NOT NULL PRIMARY KEY,
    ad_tree_id     varchar(32) NOT NULL,
    node_id        varchar(32) NOT NULL,
    ad_client_id   varchar(32),
    ad_org_id      varchar(32),
    isactive       char(1) NOT NULL DEFAULT 'Y',
    parent_id      varchar(32),
    seqno          numeric,
    CONSTRAINT ad_treenode_tree_node UNIQUE (ad_tree_id, node_id)
);
