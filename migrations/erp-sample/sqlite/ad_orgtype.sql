CREATE TABLE IF NOT EXISTS ad_orgtype (
    ad_orgtype_id         TEXT NOT NULL PRIMARY KEY,
    ad_client_id          TEXT NOT NULL,
    ad_org_id             TEXT,
    isactive              TEXT NOT NULL DEFAULT 'Y',
    isdefault             TEXT DEFAULT 'N',
    name                  TEXT NOT NULL,
    description           TEXT,
    islegalentity         TEXT NOT NULL DEFAULT 'N',
    isbusinessunit        TEXT NOT NULL DEFAULT 'N',
    istransactionsallowed TEXT NOT NULL DEFAULT 'N',
    isacctlegalentity     TEXT NOT NULL DEFAULT 'N',
    created               TEXT,
    createdby             TEXT,
    updated               TEXT,
    updatedby             TEXT
);
