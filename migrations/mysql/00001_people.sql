-- +goose Up
-- MySQL commits each statement by itself, so every one can be run again after a migration was cut off.
-- Ids are VARBINARY: compared byte for byte, where a text collation would find 'shop' for 'shop ' too.
CREATE TABLE IF NOT EXISTS tenants (
  id          VARBINARY(64) NOT NULL PRIMARY KEY,
  name        VARCHAR(255) NOT NULL,
  sort_name   VARCHAR(255) NOT NULL,
  plan        VARBINARY(64) NOT NULL,
  quota       MEDIUMTEXT,
  created_at  DATETIME(6),
  ask_consent BOOLEAN NOT NULL,
  deleting    BOOLEAN NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS users (
  id            VARBINARY(64) NOT NULL PRIMARY KEY,
  email         VARCHAR(255) NOT NULL,
  UNIQUE INDEX users_email (email),
  name          VARCHAR(255) NOT NULL,
  password_hash TEXT NOT NULL,
  operator      BOOLEAN NOT NULL,
  support       BOOLEAN NOT NULL,
  language      VARCHAR(32) NOT NULL,
  theme         VARCHAR(32) NOT NULL,
  created_at    DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS memberships (
  tenant_id VARBINARY(64) NOT NULL,
  user_id   VARBINARY(64) NOT NULL,
  role      VARCHAR(32) NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  INDEX memberships_by_user (user_id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
  token_hash VARBINARY(128) NOT NULL PRIMARY KEY,
  user_id    VARBINARY(64) NOT NULL,
  data       MEDIUMBLOB,
  expires_at DATETIME(6),
  INDEX sessions_by_expiry (expires_at)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS setup_links (
  id         INT NOT NULL PRIMARY KEY CHECK (id = 1),
  token_hash VARBINARY(128) NOT NULL,
  expires_at DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tokens (
  id           VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id    VARBINARY(64),
  owner_id     VARBINARY(64),
  user_id      VARBINARY(64) NOT NULL,
  name         VARCHAR(255) NOT NULL,
  secret_hash  VARBINARY(128) NOT NULL,
  UNIQUE INDEX tokens_secret_hash (secret_hash),
  scope        VARCHAR(32) NOT NULL,
  apps         MEDIUMTEXT,
  created_at   DATETIME(6),
  expires_at   DATETIME(6),
  last_used_at DATETIME(6),
  last_peer    VARCHAR(64) NOT NULL,
  INDEX tokens_by_tenant (tenant_id, created_at),
  INDEX tokens_by_owner (owner_id, created_at),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- An entry outlives what it is about, so it refers to nothing.
CREATE TABLE IF NOT EXISTS audit (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  created_at DATETIME(6),
  tenant_id  VARBINARY(64) NOT NULL,
  app_id     VARBINARY(64) NOT NULL,
  action     VARBINARY(64) NOT NULL,
  object     VARCHAR(255) NOT NULL,
  actor_kind VARCHAR(32) NOT NULL,
  actor_id   VARBINARY(64) NOT NULL,
  user_id    VARBINARY(64) NOT NULL,
  actor_name VARCHAR(255) NOT NULL,
  peer       VARCHAR(64) NOT NULL,
  agent      VARCHAR(255) NOT NULL,
  old_values MEDIUMTEXT,
  new_values MEDIUMTEXT,
  outcome    VARCHAR(32) NOT NULL,
  reason     MEDIUMTEXT NOT NULL,
  INDEX audit_by_tenant (tenant_id, id),
  INDEX audit_by_app (app_id, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS audit;
DROP TABLE IF EXISTS tokens;
DROP TABLE IF EXISTS setup_links;
DROP TABLE IF EXISTS sessions;
DROP TABLE IF EXISTS memberships;
DROP TABLE IF EXISTS users;
DROP TABLE IF EXISTS tenants;
