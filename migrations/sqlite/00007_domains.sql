-- +goose Up
-- Several may claim a name; held is the name where it is verified and NULL elsewhere, so that one alone has it.
CREATE TABLE domains (
  app_id      TEXT NOT NULL,
  name        TEXT NOT NULL,
  tenant_id   TEXT NOT NULL,
  held        TEXT UNIQUE,
  redirect    TEXT NOT NULL,
  https       BOOLEAN NOT NULL,
  certificate TEXT NOT NULL,
  challenge   TEXT NOT NULL,
  author      TEXT NOT NULL,
  created_at  DATETIME,
  verified    BOOLEAN NOT NULL,
  verified_at DATETIME,
  lost_at     DATETIME,
  leads       TEXT NOT NULL,
  checked_at  DATETIME,
  next_check  DATETIME,
  problem     TEXT NOT NULL,
  PRIMARY KEY (app_id, name),
  UNIQUE (tenant_id, name),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX domains_by_check ON domains (next_check);
CREATE INDEX domains_by_verified ON domains (verified, app_id, name);

CREATE TABLE certificates (
  id          TEXT NOT NULL PRIMARY KEY,
  app_id      TEXT, -- NULL for the base domain's
  tenant_id   TEXT,
  domain      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  names       TEXT,
  chain       TEXT NOT NULL,
  sealed_key  BLOB,
  issuer      TEXT NOT NULL,
  not_before  DATETIME,
  not_after   DATETIME,
  error       TEXT NOT NULL,
  tries       INTEGER NOT NULL,
  next_try    DATETIME,
  warned_at   DATETIME,
  lease_owner TEXT NOT NULL,
  lease_until DATETIME,
  created_at  DATETIME,
  updated_at  DATETIME,
  UNIQUE (app_id, domain),
  FOREIGN KEY (app_id, domain) REFERENCES domains (app_id, name) ON DELETE CASCADE
);
CREATE INDEX certificates_by_try ON certificates (next_try);
CREATE INDEX certificates_by_end ON certificates (not_after);

CREATE TABLE acme_accounts (
  directory  TEXT NOT NULL PRIMARY KEY,
  location   TEXT NOT NULL,
  sealed_key BLOB NOT NULL,
  created_at DATETIME
);

-- +goose Down
DROP TABLE acme_accounts;
DROP TABLE certificates;
DROP TABLE domains;
