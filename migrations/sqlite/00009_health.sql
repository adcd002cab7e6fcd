-- +goose Up
CREATE TABLE instance_answers (
  instance_id TEXT NOT NULL PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
  app_id      TEXT NOT NULL,
  tenant_id   TEXT NOT NULL,
  answers     TEXT NOT NULL
);
CREATE INDEX instance_answers_by_app ON instance_answers (app_id);

ALTER TABLE instances ADD COLUMN last_exit TEXT;

-- +goose Down
ALTER TABLE instances DROP COLUMN last_exit;
DROP TABLE instance_answers;
