CREATE TABLE IF NOT EXISTS ad_org (
    ad_org_id              TEXT NOT NULL PRIMARY KEY,
    ad_client_id           TEXT NOT NULL,
    isactive               TEXT NOT NULL DEFAULT 'Y',
    value                  TEXT NOT NULL,
    name                   TEXT NOT NULL,
    issummary              TEXT NOT NULL DEFAULT 'N',
    ad_orgtype_id          TEXT NOT NULL,
    isperiodcontrolallowed TEXT NOT NULL DEFAULT 'N',
    c_calendar_id          TEXT,
    isready                TEXT NOT NULL DEFAULT 'N',
    c_currency_id          TEXT,
    c_acctschema_id        TEXT,
    created                TEXT,
    createdby              TEXT,
    updated                TEXT,
    updatedby              TEXT
);
CREATE INDEX IF NOT EXISTS ad_org_client ON ad_org (ad_client_id);
