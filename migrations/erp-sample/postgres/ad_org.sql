CREATE TABLE IF NOT EXISTS ad_org (
    ad_org_id              varchar(32) NOT NULL PRIMARY KEY,
    ad_client_id           varchar(32) NOT NULL,
    isactive               char(1) NOT NULL DEFAULT 'Y',
    value                  varchar(40) NOT NULL,
    name                   varchar(60) NOT NULL,
    issummary              char(1) NOT NULL DEFAULT 'N',
    ad_orgtype_id          varchar(32) NOT NULL,
    isperiodcontrolallowed char(1) NOT NULL DEFAULT 'N',
    c_calendar_id          varchar(32),
    isready                char(1) NOT NULL DEFAULT 'N',
    c_currency_id          varchar(32),
    c_acctschema_id        varchar(32),
    created                timestamp,
    createdby              varchar(32),
    updated                timestamp,
    updatedby              varchar(32)
);
CREATE INDEX IF NOT EXISTS ad_org_client ON ad_org (ad_client_id);
