CREATE TABLE IF NOT EXISTS ad_role (
    ad_role_id        varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id      varchar(32) NOT NULL,
    ad_org_id         varchar(32),
    isactive          char(1) NOT NULL DEFAULT 'Y',
    name              varchar(60) NOT NULL,
    userlevel         varchar(60) NOT NULL DEFAULT '  O',
    ismanual          char(1) DEFAULT 'Y',
    is_client_admin   char(1) DEFAULT 'N',
    istemplate        char(1) DEFAULT 'N',
    isrestrictbackend char(1) DEFAULT 'N',
    isportal          char(1) DEFAULT 'N',
    created           timestamp,
    createdby         varchar(32),
    updated           timestamp,
    updatedby         varchar(32)
);
