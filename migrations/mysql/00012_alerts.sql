-- +goose Up
-- MySQL commits each statement by itself, so every one can be run again after a migration was cut off.
CREATE TABLE IF NOT EXISTS alert_rules (
  tenant_id  VARBINARY(64) NOT NULL,
  id         VARBINARY(64) NOT NULL,
  app_id     VARBINARY(64), -- NULL for every app
  kind       VARCHAR(32) NOT NULL,
  metric     VARCHAR(32) NOT NULL,
  below      BOOLEAN NOT NULL,
  threshold  DOUBLE NOT NULL,
  words      TEXT NOT NULL,
  window_ns  BIGINT NOT NULL,
  for_ns     BIGINT NOT NULL,
  repeat_ns  BIGINT NOT NULL,
  severity   VARCHAR(32) NOT NULL,
  channels   MEDIUMTEXT,
  is_off     BOOLEAN NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS alert_channels (
  tenant_id  VARBINARY(64) NOT NULL,
  id         VARBINARY(64) NOT NULL,
  name       VARCHAR(255) NOT NULL,
  kind       VARCHAR(32) NOT NULL,
  language   VARCHAR(32) NOT NULL,
  shows      TEXT NOT NULL,
  sealed     MEDIUMBLOB NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  fault      MEDIUMTEXT NOT NULL,
  used_at    DATETIME(6),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS alert_silences (
  tenant_id  VARBINARY(64) NOT NULL,
  id         VARBINARY(64) NOT NULL,
  app_id     VARBINARY(64), -- NULL for every app
  rule_id    VARBINARY(64) NOT NULL,
  until_at   DATETIME(6),
  reason     TEXT NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS alerts (
  id          VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id   VARBINARY(64) NOT NULL,
  rule_id     VARBINARY(64) NOT NULL,
  app_id      VARBINARY(64), -- NULL when it is about the tenant
  subject     VARCHAR(255) NOT NULL,
  state       VARCHAR(32) NOT NULL,
  severity    VARCHAR(32) NOT NULL,
  says        MEDIUMTEXT NOT NULL,
  found       VARCHAR(255) NOT NULL,
  cause       MEDIUMTEXT NOT NULL,
  began_at    DATETIME(6),
  fired_at    DATETIME(6),
  resolved_at DATETIME(6),
  notified_at DATETIME(6),
  seen_at     DATETIME(6),
  held_ns     BIGINT NOT NULL,
  clear_ns    BIGINT NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE,
  INDEX alerts_by_tenant (tenant_id, id),
  INDEX alerts_by_state (state, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What channels are to be told: written with the alert that it tells of, removed when the channel has it.
CREATE TABLE IF NOT EXISTS alert_notices (
  id         VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  channel_id VARBINARY(64) NOT NULL,
  alert      MEDIUMTEXT NOT NULL,
  app_name   VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  tries      INT NOT NULL,
  next_try   DATETIME(6),
  INDEX alert_notices_by_try (next_try),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The one worker that looks at the rules.
CREATE TABLE IF NOT EXISTS alert_lead (
  id       INT NOT NULL PRIMARY KEY,
  owner    VARBINARY(64) NOT NULL,
  until_at DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO alert_lead (id, owner) VALUES (1, '');

-- +goose Down
DROP TABLE alert_lead;
DROP TABLE alert_notices;
DROP TABLE alerts;
DROP TABLE alert_silences;
DROP TABLE alert_channels;
DROP TABLE alert_rules;
