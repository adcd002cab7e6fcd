-- +goose Up
CREATE TABLE hosts (
  id        TEXT NOT NULL PRIMARY KEY,
  name      TEXT NOT NULL,
  address   TEXT NOT NULL,
  labels    TEXT,
  memory    INTEGER NOT NULL,
  cpu       INTEGER NOT NULL,
  arch      TEXT NOT NULL,
  os        TEXT NOT NULL,
  engine    TEXT NOT NULL,
  port_from INTEGER NOT NULL,
  port_to   INTEGER NOT NULL,
  port_last INTEGER NOT NULL, -- taken last: the search for a free one begins behind it
  cordoned  BOOLEAN NOT NULL,
  status    TEXT NOT NULL,
  reason    TEXT NOT NULL,
  seen_at   DATETIME
);

CREATE TABLE ports (
  host_id     TEXT NOT NULL REFERENCES hosts (id),
  port        INTEGER NOT NULL,
  instance_id TEXT NOT NULL UNIQUE,
  PRIMARY KEY (host_id, port)
);

CREATE TABLE instances (
  id             TEXT NOT NULL PRIMARY KEY,
  app_id         TEXT NOT NULL,
  tenant_id      TEXT NOT NULL,
  version_id     TEXT NOT NULL,
  label          TEXT NOT NULL,
  digest         TEXT NOT NULL,
  release_number INTEGER NOT NULL,
  template       TEXT NOT NULL,
  memory         INTEGER NOT NULL,
  cpu            INTEGER NOT NULL,
  host_id        TEXT NOT NULL,
  host_port      INTEGER NOT NULL,
  address        TEXT NOT NULL,
  container_id   TEXT NOT NULL,
  placement      TEXT NOT NULL,
  state          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  exit_code      INTEGER NOT NULL,
  oom            BOOLEAN NOT NULL,
  crashes        INTEGER NOT NULL,
  retry_at       DATETIME,
  started_at     DATETIME,
  ready_at       DATETIME,
  drained_at     DATETIME,
  created_at     DATETIME,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX instances_by_app ON instances (app_id, state);
-- What the support staff search in: the index holds all of it, so that a search reads no row that it does not find.
CREATE INDEX instances_by_container ON instances (container_id, id, host_id, app_id);
CREATE INDEX instances_by_tenant ON instances (tenant_id, app_id, state);

-- An operation outlives its app and its tenant: whoever asked for the deletion reads how it ended.
CREATE TABLE operations (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL,
  app_id         TEXT NOT NULL,
  name           TEXT NOT NULL,
  kind           TEXT NOT NULL,
  release_number INTEGER NOT NULL,
  status         TEXT NOT NULL,
  steps          TEXT,
  error          TEXT NOT NULL,
  log_tail       TEXT,
  author         TEXT NOT NULL,
  created_at     DATETIME,
  ended_at       DATETIME
);
CREATE INDEX operations_by_app ON operations (app_id, created_at);
CREATE INDEX operations_by_tenant ON operations (tenant_id, app_id);
CREATE INDEX operations_by_status ON operations (app_id, status);

CREATE TABLE events (
  id          TEXT NOT NULL PRIMARY KEY,
  tenant_id   TEXT NOT NULL,
  app_id      TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  text        TEXT NOT NULL,
  cause       TEXT NOT NULL,
  level       TEXT NOT NULL,
  author      TEXT NOT NULL,
  created_at  DATETIME,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX events_by_app ON events (app_id, id);
CREATE INDEX events_by_tenant ON events (tenant_id, id);

-- +goose Down
DROP TABLE events;
DROP TABLE operations;
DROP TABLE instances;
DROP TABLE ports;
DROP TABLE hosts;
