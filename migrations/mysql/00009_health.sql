-- +goose Up
CREATE TABLE IF NOT EXISTS instance_answers (
  instance_id VARBINARY(64) NOT NULL PRIMARY KEY,
  app_id      VARBINARY(64) NOT NULL,
  tenant_id   VARBINARY(64) NOT NULL,
  answers     MEDIUMTEXT NOT NULL,
  KEY instance_answers_by_app (app_id),
  FOREIGN KEY (instance_id) REFERENCES instances (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Only where it is not there: a change that was cut off is made again from its beginning.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'instances' AND column_name = 'last_exit') = 0,
  'ALTER TABLE instances ADD COLUMN last_exit MEDIUMTEXT', 'DO 0');
PREPARE add_last_exit FROM @add;
EXECUTE add_last_exit;
DEALLOCATE PREPARE add_last_exit;

-- +goose Down
ALTER TABLE instances DROP COLUMN last_exit;
DROP TABLE IF EXISTS instance_answers;
