-- +goose Up
-- MySQL commits each statement by itself, so every one can be run again after a migration was cut off.
CREATE TABLE IF NOT EXISTS apps (
  id              VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id       VARBINARY(64) NOT NULL,
  name            VARCHAR(255) NOT NULL,
  sort_name       VARCHAR(255) NOT NULL,
  service_entry   VARCHAR(255) NOT NULL,
  service_version VARCHAR(255) NOT NULL,
  service_plan    VARCHAR(255) NOT NULL,
  plan            VARCHAR(255) NOT NULL,
  release_number  INT NOT NULL,
  stopped         BOOLEAN NOT NULL,
  deleting        BOOLEAN NOT NULL,
  keep_data       BOOLEAN NOT NULL,
  restarts        INT NOT NULL,
  budget          MEDIUMTEXT,
  created_at      DATETIME(6),
  serving         INT NOT NULL,
  state           VARCHAR(32) NOT NULL,
  reason          MEDIUMTEXT NOT NULL,
  revision        BIGINT NOT NULL,
  -- What belongs to an app refers to both columns, so that no row can name another tenant than its app's.
  UNIQUE INDEX apps_tenant_id_id (tenant_id, id),
  INDEX apps_by_tenant (tenant_id, sort_name, id),
  INDEX apps_by_name (sort_name, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS versions (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  app_id     VARBINARY(64) NOT NULL,
  tenant_id  VARBINARY(64) NOT NULL,
  label      VARBINARY(128) NOT NULL,
  digest     VARBINARY(128) NOT NULL,
  source     VARCHAR(32) NOT NULL,
  origin     TEXT NOT NULL,
  size       BIGINT NOT NULL,
  detected   MEDIUMTEXT NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  UNIQUE INDEX versions_app_id_label (app_id, label),
  INDEX versions_by_app (app_id, created_at),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS releases (
  app_id     VARBINARY(64) NOT NULL,
  number     INT NOT NULL,
  tenant_id  VARBINARY(64) NOT NULL,
  spec       MEDIUMTEXT NOT NULL,
  sealed     MEDIUMBLOB NOT NULL,
  memory     BIGINT NOT NULL,
  cpu        BIGINT NOT NULL,
  reason     MEDIUMTEXT NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  status     VARCHAR(32) NOT NULL,
  served     BIGINT NOT NULL,
  failed     BIGINT NOT NULL,
  online_at  DATETIME(6),
  PRIMARY KEY (app_id, number),
  INDEX releases_by_status (app_id, status),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS credentials (
  app_id     VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  sealed     MEDIUMBLOB NOT NULL,
  created_at DATETIME(6),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS uploads (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  app_id     VARBINARY(64),
  user_id    VARBINARY(64) NOT NULL,
  file_name  TEXT NOT NULL,
  size       BIGINT NOT NULL,
  received   BIGINT NOT NULL,
  state      VARCHAR(32) NOT NULL,
  error      MEDIUMTEXT NOT NULL,
  digest     VARBINARY(128) NOT NULL,
  image_size BIGINT NOT NULL,
  detected   MEDIUMTEXT NOT NULL,
  created_at DATETIME(6),
  expires_at DATETIME(6),
  INDEX uploads_by_app (app_id),
  INDEX uploads_by_expiry (expires_at),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS uploads;
DROP TABLE IF EXISTS credentials;
DROP TABLE IF EXISTS releases;
DROP TABLE IF EXISTS versions;
DROP TABLE IF EXISTS apps;
