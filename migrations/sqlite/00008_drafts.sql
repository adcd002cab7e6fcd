-- +goose Up
CREATE TABLE drafts (
  app_id     TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL,
  base       INTEGER NOT NULL,
  spec       TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  edits      TEXT NOT NULL,
  created_at DATETIME,
  revision   INTEGER NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE drafts;
