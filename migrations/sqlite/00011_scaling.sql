-- +goose Up
-- How many instances the scaling of an app's release has in force.
ALTER TABLE apps ADD COLUMN scales INTEGER NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN replicas INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN asleep INTEGER NOT NULL DEFAULT FALSE;

-- What was decided last.
CREATE TABLE scalings (
  app_id    TEXT NOT NULL PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  status    TEXT NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE scalings;
ALTER TABLE apps DROP COLUMN asleep;
ALTER TABLE apps DROP COLUMN replicas;
ALTER TABLE apps DROP COLUMN scales;
