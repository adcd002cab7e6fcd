-- +goose Up
CREATE TABLE IF NOT EXISTS instance_answers (
  instance_id VARBINARY(64) NOT NULL PRIMARY KEY,
  app_id      VARBINARY(64) NOT NULL,
  tenant_id   VARBINARY(64) NOT NULL,
  answers     MEDIUMTEXT NOT NULL,
  KEY instance_answers_by_app (app_id),
  FOREIGN KEY (instance_id) REFERENCES instances (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

ALTER TABLE instances ADD COLUMN last_exit MEDIUMTEXT;

-- +goose Down
ALTER TABLE instances DROP COLUMN last_exit;
DROP TABLE IF EXISTS instance_answers;
