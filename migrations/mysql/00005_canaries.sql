-- +goose Up
-- That somebody had a blue-green release take the requests over.
CREATE TABLE IF NOT EXISTS switches (
  tenant_id      VARBINARY(64) NOT NULL,
  app_id         VARBINARY(64) NOT NULL,
  release_number INT NOT NULL,
  author         VARCHAR(255) NOT NULL,
  created_at     DATETIME(6),
  PRIMARY KEY (app_id, release_number),
  INDEX switches_by_tenant (tenant_id, app_id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS canaries (
  id             VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id      VARBINARY(64) NOT NULL,
  app_id         VARBINARY(64) NOT NULL,
  open_app       VARBINARY(64) UNIQUE, -- the app while the trial is open
  stable         MEDIUMTEXT NOT NULL,
  candidate      MEDIUMTEXT NOT NULL,
  before_release INT NOT NULL,
  release_number INT NOT NULL,
  share          INT NOT NULL,
  steps          MEDIUMTEXT,
  limits         MEDIUMTEXT NOT NULL,
  status         VARCHAR(32) NOT NULL,
  reason         MEDIUMTEXT NOT NULL,
  author         VARCHAR(255) NOT NULL,
  created_at     DATETIME(6),
  ended_at       DATETIME(6),
  revision       BIGINT NOT NULL,
  step_at        DATETIME(6),
  counts         MEDIUMTEXT NOT NULL,
  INDEX canaries_by_app (app_id, id),
  INDEX canaries_by_tenant (tenant_id, app_id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS canaries;
DROP TABLE IF EXISTS switches;
