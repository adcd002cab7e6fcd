-- +goose Up
-- sealed is where a drain leads and what it signs in with; shows is what may be read of it.
CREATE TABLE IF NOT EXISTS log_drains (
  tenant_id  VARBINARY(64) NOT NULL,
  id         VARBINARY(64) NOT NULL,
  name       VARCHAR(255) NOT NULL,
  kind       VARCHAR(32) NOT NULL,
  shows      VARCHAR(512) NOT NULL,
  sealed     MEDIUMBLOB NOT NULL,
  revision   BIGINT NOT NULL,
  author     VARCHAR(255) NOT NULL,
  created_at DATETIME(6),
  sent       BIGINT NOT NULL,
  sent_at    DATETIME(6),
  lost       BIGINT NOT NULL,
  lost_for   MEDIUMTEXT NOT NULL,
  fault      MEDIUMTEXT NOT NULL,
  fault_at   DATETIME(6),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS log_drains;
