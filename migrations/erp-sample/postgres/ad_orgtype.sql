CREATE TABLE IF NOT EXISTS ad_orgtype (
    ad_orgtype_id         varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id          varchar(32) NOT NULL,
    ad_org_id             varchar(32),
    isactive              char(1) NOT NULL DEFAULT 'Y',
    isdefault             char(1) DEFAULT 'N',
    name                  varchar(60) NOT NULL,
    description           varchar(255),
    islegalentity         char(1) NOT NULL DEFAULT 'N',
    isbusinessunit        char(1) NOT NULL DEFAULT 'N',
    istransactionsallowed char(1) NOT NULL DEFAULT 'N',
    isacctlegalentity     char(1) NOT NULL DEFAULT 'N',
    created               timestamp,
    createdby             varchar(32),
    updated               timestamp,
    updatedby             varchar(32)
);
