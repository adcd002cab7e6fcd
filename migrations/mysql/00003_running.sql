-- +goose Up
-- MySQL commits each statement by itself, so every one can be run again after a migration was cut off.
CREATE TABLE IF NOT EXISTS hosts (
  id        VARBINARY(64) NOT NULL PRIMARY KEY,
  name      VARCHAR(255) NOT NULL,
  address   VARCHAR(255) NOT NULL,
  labels    MEDIUMTEXT,
  memory    BIGINT NOT NULL,
  cpu       BIGINT NOT NULL,
  arch      VARCHAR(32) NOT NULL,
  os        VARCHAR(32) NOT NULL,
  engine    VARCHAR(255) NOT NULL,
  port_from INT NOT NULL,
  port_to   INT NOT NULL,
  port_last INT NOT NULL, -- taken last: the search for a free one begins behind it
  cordoned  BOOLEAN NOT NULL,
  status    VARCHAR(32) NOT NULL,
  reason    MEDIUMTEXT NOT NULL,
  seen_at   DATETIME(6)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS ports (
  host_id     VARBINARY(64) NOT NULL,
  port        INT NOT NULL,
  instance_id VARBINARY(64) NOT NULL,
  UNIQUE INDEX ports_instance_id (instance_id),
  PRIMARY KEY (host_id, port),
  FOREIGN KEY (host_id) REFERENCES hosts (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS instances (
  id             VARBINARY(64) NOT NULL PRIMARY KEY,
  app_id         VARBINARY(64) NOT NULL,
  tenant_id      VARBINARY(64) NOT NULL,
  version_id     VARBINARY(64) NOT NULL,
  label          VARBINARY(128) NOT NULL,
  digest         VARBINARY(128) NOT NULL,
  release_number INT NOT NULL,
  template       VARBINARY(64) NOT NULL,
  memory         BIGINT NOT NULL,
  cpu            BIGINT NOT NULL,
  host_id        VARBINARY(64) NOT NULL,
  host_port      INT NOT NULL,
  address        VARCHAR(255) NOT NULL,
  container_id   VARBINARY(128) NOT NULL,
  placement      MEDIUMTEXT NOT NULL,
  state          VARCHAR(32) NOT NULL,
  reason         MEDIUMTEXT NOT NULL,
  exit_code      INT NOT NULL,
  oom            BOOLEAN NOT NULL,
  crashes        INT NOT NULL,
  retry_at       DATETIME(6),
  started_at     DATETIME(6),
  ready_at       DATETIME(6),
  drained_at     DATETIME(6),
  created_at     DATETIME(6),
  INDEX instances_by_app (app_id, state),
  INDEX instances_by_container (container_id, id, host_id, app_id),
  INDEX instances_by_tenant (tenant_id, app_id, state),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- An operation outlives its app and its tenant: whoever asked for the deletion reads how it ended.
CREATE TABLE IF NOT EXISTS operations (
  id             VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id      VARBINARY(64) NOT NULL,
  app_id         VARBINARY(64) NOT NULL,
  name           VARCHAR(255) NOT NULL,
  kind           VARCHAR(32) NOT NULL,
  release_number INT NOT NULL,
  status         VARCHAR(32) NOT NULL,
  steps          MEDIUMTEXT,
  error          MEDIUMTEXT NOT NULL,
  log_tail       MEDIUMTEXT,
  author         VARCHAR(255) NOT NULL,
  created_at     DATETIME(6),
  ended_at       DATETIME(6),
  INDEX operations_by_app (app_id, created_at),
  INDEX operations_by_tenant (tenant_id, app_id),
  INDEX operations_by_status (app_id, status)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS events (
  id          VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id   VARBINARY(64) NOT NULL,
  app_id      VARBINARY(64) NOT NULL,
  instance_id VARBINARY(64) NOT NULL,
  kind        VARCHAR(32) NOT NULL,
  text        MEDIUMTEXT NOT NULL,
  cause       MEDIUMTEXT NOT NULL,
  level       VARCHAR(32) NOT NULL,
  author      VARCHAR(255) NOT NULL,
  created_at  DATETIME(6),
  INDEX events_by_app (app_id, id),
  INDEX events_by_tenant (tenant_id, id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS operations;
DROP TABLE IF EXISTS instances;
DROP TABLE IF EXISTS ports;
DROP TABLE IF EXISTS hosts;
