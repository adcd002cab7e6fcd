-- +goose Up
CREATE TABLE IF NOT EXISTS traffic (
  app_id    VARBINARY(64) NOT NULL,
  tenant_id VARBINARY(64) NOT NULL,
  length    BIGINT NOT NULL, -- of the step, seconds
  at        BIGINT NOT NULL, -- when it began, seconds since 1970
  counts    MEDIUMBLOB NOT NULL,
  PRIMARY KEY (app_id, length, at),
  INDEX traffic_by_time (length, at),
  INDEX traffic_by_tenant (tenant_id, app_id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS switch_counts (
  app_id         VARBINARY(64) NOT NULL,
  tenant_id      VARBINARY(64) NOT NULL,
  release_number INT NOT NULL,
  begun_at       DATETIME(6),
  ended_at       DATETIME(6), -- none while it is counted
  served         BIGINT NOT NULL,
  failed         BIGINT NOT NULL,
  failures       MEDIUMTEXT,
  marks          MEDIUMTEXT, -- what each process of a gateway had counted
  PRIMARY KEY (app_id, release_number),
  INDEX switch_counts_by_tenant (tenant_id, app_id),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS switch_counts;
DROP TABLE IF EXISTS traffic;
