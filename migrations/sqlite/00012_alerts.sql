-- +goose Up
CREATE TABLE alert_rules (
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         TEXT NOT NULL,
  app_id     TEXT, -- NULL for every app
  kind       TEXT NOT NULL,
  metric     TEXT NOT NULL,
  below      BOOLEAN NOT NULL,
  threshold  DOUBLE NOT NULL,
  words      TEXT NOT NULL,
  window_ns  BIGINT NOT NULL,
  for_ns     BIGINT NOT NULL,
  repeat_ns  BIGINT NOT NULL,
  severity   TEXT NOT NULL,
  channels   TEXT,
  is_off     BOOLEAN NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE alert_channels (
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  language   TEXT NOT NULL,
  shows      TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  fault      TEXT NOT NULL,
  used_at    DATETIME,
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE alert_silences (
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         TEXT NOT NULL,
  app_id     TEXT, -- NULL for every app
  rule_id    TEXT NOT NULL,
  until_at   DATETIME,
  reason     TEXT NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE alerts (
  id          TEXT NOT NULL PRIMARY KEY,
  tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  rule_id     TEXT NOT NULL,
  app_id      TEXT, -- NULL when it is about the tenant
  subject     TEXT NOT NULL,
  state       TEXT NOT NULL,
  severity    TEXT NOT NULL,
  says        TEXT NOT NULL,
  found       TEXT NOT NULL,
  cause       TEXT NOT NULL,
  began_at    DATETIME,
  fired_at    DATETIME,
  resolved_at DATETIME,
  notified_at DATETIME,
  seen_at     DATETIME,
  held_ns     BIGINT NOT NULL,
  clear_ns    BIGINT NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX alerts_by_tenant ON alerts (tenant_id, id);
CREATE INDEX alerts_by_state ON alerts (state, id);

-- What channels are to be told: written with the alert that it tells of, removed when the channel has it.
CREATE TABLE alert_notices (
  id         TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  channel_id TEXT NOT NULL,
  alert      TEXT NOT NULL,
  app_name   TEXT NOT NULL,
  created_at DATETIME,
  tries      INTEGER NOT NULL,
  next_try   DATETIME
);
CREATE INDEX alert_notices_by_try ON alert_notices (next_try);

-- The one worker that looks at the rules.
CREATE TABLE alert_lead (
  id       INTEGER NOT NULL PRIMARY KEY,
  owner    TEXT NOT NULL,
  until_at DATETIME
);
INSERT INTO alert_lead (id, owner) VALUES (1, '');

-- +goose Down
DROP TABLE alert_lead;
DROP TABLE alert_notices;
DROP TABLE alerts;
DROP TABLE alert_silences;
DROP TABLE alert_channels;
DROP TABLE alert_rules;
