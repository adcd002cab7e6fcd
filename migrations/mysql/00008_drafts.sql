-- +goose Up
CREATE TABLE IF NOT EXISTS drafts (
  app_id     VARBINARY(64) NOT NULL PRIMARY KEY,
  tenant_id  VARBINARY(64) NOT NULL,
  base       INT NOT NULL,
  spec       MEDIUMTEXT NOT NULL,
  sealed     MEDIUMBLOB NOT NULL,
  edits      MEDIUMTEXT NOT NULL,
  created_at DATETIME(6),
  revision   BIGINT NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS drafts;
