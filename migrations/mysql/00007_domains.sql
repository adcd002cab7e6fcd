-- +goose Up
-- MySQL commits each statement by itself, so every one can be run again after a migration was cut off.
-- Several may claim a name; held is the name where it is verified and NULL elsewhere, so that one alone has it.
CREATE TABLE IF NOT EXISTS domains (
  app_id      VARBINARY(64) NOT NULL,
  name        VARBINARY(255) NOT NULL,
  tenant_id   VARBINARY(64) NOT NULL,
  held        VARBINARY(255),
  redirect    VARBINARY(255) NOT NULL,
  https       BOOLEAN NOT NULL,
  certificate VARCHAR(32) NOT NULL,
  challenge   VARBINARY(64) NOT NULL,
  author      VARCHAR(255) NOT NULL,
  created_at  DATETIME(6),
  verified    BOOLEAN NOT NULL,
  verified_at DATETIME(6),
  lost_at     DATETIME(6),
  leads       VARCHAR(32) NOT NULL,
  checked_at  DATETIME(6),
  next_check  DATETIME(6),
  problem     MEDIUMTEXT NOT NULL,
  PRIMARY KEY (app_id, name),
  UNIQUE INDEX domains_held (held),
  UNIQUE INDEX domains_of_tenant (tenant_id, name),
  INDEX domains_by_check (next_check),
  INDEX domains_by_verified (verified, app_id, name),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS certificates (
  id          VARBINARY(64) NOT NULL PRIMARY KEY,
  app_id      VARBINARY(64), -- NULL for the base domain's
  tenant_id   VARBINARY(64),
  domain      VARBINARY(255) NOT NULL,
  kind        VARCHAR(32) NOT NULL,
  names       MEDIUMTEXT,
  chain       MEDIUMTEXT NOT NULL,
  sealed_key  MEDIUMBLOB,
  issuer      VARCHAR(255) NOT NULL,
  not_before  DATETIME(6),
  not_after   DATETIME(6),
  error       MEDIUMTEXT NOT NULL,
  tries       INT NOT NULL,
  next_try    DATETIME(6),
  warned_at   DATETIME(6),
  lease_owner VARBINARY(64) NOT NULL,
  lease_until DATETIME(6),
  created_at  DATETIME(6),
  updated_at  DATETIME(6),
  UNIQUE INDEX certificates_of_domain (app_id, domain),
  INDEX certificates_by_try (next_try),
  INDEX certificates_by_end (not_after),
  FOREIGN KEY (app_id, domain) REFERENCES domains (app_id, name) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS acme_accounts (
  directory  VARBINARY(512) NOT NULL PRIMARY KEY,
  location   VARBINARY(512) NOT NULL,
  sealed_key MEDIUMBLOB NOT NULL,
  created_at DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE acme_accounts;
DROP TABLE certificates;
DROP TABLE domains;
