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
  sort_name     VARCHAR(255) NOT NULL,
  INDEX users_by_name (sort_name, id),
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
  created_at DATETIME(6),
  PRIMARY KEY (tenant_id, user_id),
  INDEX memberships_by_user (user_id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS invitations (
  id           VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id    VARBINARY(64) NOT NULL,
  email        VARCHAR(255) NOT NULL,
  role         VARCHAR(32) NOT NULL,
  secret_hash  VARBINARY(128) NOT NULL,
  UNIQUE INDEX invitations_secret_hash (secret_hash),
  inviter_id   VARBINARY(64) NOT NULL,
  inviter_name VARCHAR(255) NOT NULL,
  created_at   DATETIME(6),
  expires_at   DATETIME(6),
  accepted_at  DATETIME(6),
  revoked_at   DATETIME(6),
  INDEX invitations_by_tenant (tenant_id, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
  token_hash VARBINARY(128) NOT NULL PRIMARY KEY,
  id         VARBINARY(64) NOT NULL,
  UNIQUE INDEX sessions_id (id),
  user_id    VARBINARY(64) NOT NULL,
  peer       VARCHAR(64) NOT NULL,
  agent      VARCHAR(255) NOT NULL,
  data       MEDIUMBLOB,
  created_at DATETIME(6),
  seen_at    DATETIME(6),
  expires_at DATETIME(6),
  INDEX sessions_by_expiry (expires_at),
  INDEX sessions_by_user (user_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tickets (
  hash       VARBINARY(128) NOT NULL PRIMARY KEY,
  purpose    VARCHAR(32) NOT NULL,
  user_id    VARBINARY(64) NOT NULL,
  created_at DATETIME(6),
  expires_at DATETIME(6),
  INDEX tickets_by_user (user_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS two_factors (
  user_id    VARBINARY(64) NOT NULL PRIMARY KEY,
  sealed     BLOB NOT NULL,
  active     BOOLEAN NOT NULL,
  last_step  BIGINT NOT NULL,
  created_at DATETIME(6),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS recovery_codes (
  user_id VARBINARY(64) NOT NULL,
  hash    VARBINARY(128) NOT NULL,
  PRIMARY KEY (user_id, hash),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS identities (
  issuer     VARBINARY(255) NOT NULL,
  subject    VARBINARY(255) NOT NULL,
  user_id    VARBINARY(64) NOT NULL,
  created_at DATETIME(6),
  PRIMARY KEY (issuer, subject),
  INDEX identities_by_user (user_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
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
  INDEX audit_by_app (app_id, tenant_id, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS quota_plans (
  name       VARBINARY(64) NOT NULL PRIMARY KEY,
  quota      MEDIUMTEXT,
  created_at DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO quota_plans (name, quota, created_at) VALUES
  ('unlimited', '{}', UTC_TIMESTAMP(6)),
  ('starter', '{"memory":2147483648,"cpu":2000,"instances":8,"apps":5,"services":3,"images":5368709120,"volumes":5368709120,"domains":3,"log_rate":131072,"log_retention":168}', UTC_TIMESTAMP(6)),
  ('standard', '{"memory":68719476736,"cpu":128000,"instances":500,"apps":2000,"services":200,"images":214748364800,"volumes":214748364800,"domains":2000,"log_rate":1048576,"log_retention":720}', UTC_TIMESTAMP(6));

-- What tenants use: sums by resource, and by who holds it. The row of the resource '' is held by whoever changes any.
CREATE TABLE IF NOT EXISTS usage_sums (
  tenant_id VARBINARY(64) NOT NULL,
  resource  VARBINARY(32) NOT NULL,
  amount    BIGINT NOT NULL,
  peak      BIGINT NOT NULL, -- since the last sample
  PRIMARY KEY (tenant_id, resource),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_holders (
  tenant_id VARBINARY(64) NOT NULL,
  holder    VARBINARY(128) NOT NULL,
  resource  VARBINARY(32) NOT NULL,
  amount    BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, holder, resource),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_samples (
  tenant_id VARBINARY(64) NOT NULL,
  hour      DATETIME(6) NOT NULL,
  resource  VARBINARY(32) NOT NULL,
  peak      BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, hour, resource),
  INDEX usage_samples_by_hour (hour),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS quota_requests (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  resource   VARBINARY(32) NOT NULL,
  amount     BIGINT NOT NULL,
  reason     TEXT NOT NULL,
  status     VARCHAR(32) NOT NULL,
  answer     TEXT NOT NULL,
  author     VARCHAR(255) NOT NULL,
  user_id    VARBINARY(64) NOT NULL,
  created_at DATETIME(6),
  decider    VARCHAR(255) NOT NULL,
  decided_at DATETIME(6),
  INDEX quota_requests_by_tenant (tenant_id, id),
  INDEX quota_requests_by_status (status, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS support_sessions (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  user_id    VARBINARY(64) NOT NULL,
  user_name  VARCHAR(255) NOT NULL,
  reason     TEXT NOT NULL,
  lasts      INT NOT NULL, -- seconds
  created_at DATETIME(6),
  expires_at DATETIME(6),
  state      VARCHAR(32) NOT NULL,
  decided_by VARCHAR(255) NOT NULL,
  decided_at DATETIME(6),
  ended_by   VARCHAR(255) NOT NULL,
  ended_at   DATETIME(6),
  INDEX support_sessions_by_tenant (tenant_id, state, expires_at),
  INDEX support_sessions_by_user (user_id, state, expires_at),
  INDEX support_sessions_by_state (state, expires_at),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS support_sessions;
DROP TABLE IF EXISTS quota_requests;
DROP TABLE IF EXISTS usage_samples;
DROP TABLE IF EXISTS usage_holders;
DROP TABLE IF EXISTS usage_sums;
DROP TABLE IF EXISTS quota_plans;
DROP TABLE IF EXISTS audit;
DROP TABLE IF EXISTS tokens;
DROP TABLE IF EXISTS setup_links;
DROP TABLE IF EXISTS identities;
DROP TABLE IF EXISTS recovery_codes;
DROP TABLE IF EXISTS two_factors;
DROP TABLE IF EXISTS tickets;
DROP TABLE IF EXISTS sessions;
DROP TABLE IF EXISTS invitations;
DROP TABLE IF EXISTS memberships;
DROP TABLE IF EXISTS users;
DROP TABLE IF EXISTS tenants;
