-- +goose Up
CREATE TABLE apps (
  id              TEXT NOT NULL PRIMARY KEY,
  tenant_id       TEXT NOT NULL REFERENCES tenants (id),
  name            TEXT NOT NULL,
  sort_name       TEXT NOT NULL,
  service_entry   TEXT NOT NULL,
  service_version TEXT NOT NULL,
  service_plan    TEXT NOT NULL,
  plan            TEXT NOT NULL,
  release_number  INTEGER NOT NULL,
  stopped         BOOLEAN NOT NULL,
  deleting        BOOLEAN NOT NULL,
  keep_data       BOOLEAN NOT NULL,
  restarts        INTEGER NOT NULL,
  budget          TEXT,
  created_at      DATETIME,
  serving         INTEGER NOT NULL,
  state           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  revision        INTEGER NOT NULL,
  -- What belongs to an app refers to both columns, so that no row can name another tenant than its app's.
  UNIQUE (tenant_id, id)
);
CREATE INDEX apps_by_tenant ON apps (tenant_id, sort_name, id);
CREATE INDEX apps_by_name ON apps (sort_name, id);

CREATE TABLE versions (
  id         TEXT NOT NULL PRIMARY KEY,
  app_id     TEXT NOT NULL,
  tenant_id  TEXT NOT NULL,
  label      TEXT NOT NULL,
  digest     TEXT NOT NULL,
  source     TEXT NOT NULL,
  origin     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  detected   TEXT NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  UNIQUE (app_id, label),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX versions_by_app ON versions (app_id, created_at);

CREATE TABLE releases (
  app_id     TEXT NOT NULL,
  number     INTEGER NOT NULL,
  tenant_id  TEXT NOT NULL,
  spec       TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  memory     INTEGER NOT NULL,
  cpu        INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  status     TEXT NOT NULL,
  served     INTEGER NOT NULL,
  failed     INTEGER NOT NULL,
  online_at  DATETIME,
  PRIMARY KEY (app_id, number),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX releases_by_status ON releases (app_id, status);

CREATE TABLE credentials (
  app_id     TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  created_at DATETIME,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE uploads (
  id         TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  app_id     TEXT,
  user_id    TEXT NOT NULL,
  file_name  TEXT NOT NULL,
  size       INTEGER NOT NULL,
  received   INTEGER NOT NULL,
  state      TEXT NOT NULL,
  error      TEXT NOT NULL,
  digest     TEXT NOT NULL,
  image_size INTEGER NOT NULL,
  detected   TEXT NOT NULL,
  created_at DATETIME,
  expires_at DATETIME,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX uploads_by_app ON uploads (app_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);

-- +goose Down
DROP TABLE uploads;
DROP TABLE credentials;
DROP TABLE releases;
DROP TABLE versions;
DROP TABLE apps;
