CREATE TABLE IF NOT EXISTS ad_treenode (
    ad_treenode_id TEXT NOT NULL PRIMARY KEY,
    ad_tree_id     TEXT NOT NULL,
    node_id        TEXT NOT NULL,
    ad_client_id   TEXT,
    ad_org_id      TEXT,
    isactive       TEXT NOT NULL DEFAULT 'Y',
    parent_id      TEXT,
    seqno          NUMERIC,
    created        TEXT,
    createdby      TEXT,
    updated        TEXT,
    updatedby      TEXT,
    CONSTRAINT ad_treenode_tree_node UNIQUE (ad_tree_id, node_id)
);
