-- +goose Up
-- That somebody had a blue-green release take the requests over.
CREATE TABLE switches (
  tenant_id      TEXT NOT NULL,
  app_id         TEXT NOT NULL,
  release_number INTEGER NOT NULL,
  author         TEXT NOT NULL,
  created_at     DATETIME,
  PRIMARY KEY (app_id, release_number),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX switches_by_tenant ON switches (tenant_id, app_id);

CREATE TABLE canaries (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL,
  app_id         TEXT NOT NULL,
  open_app       TEXT UNIQUE, -- the app while the trial is open
  stable         TEXT NOT NULL,
  candidate      TEXT NOT NULL,
  before_release INTEGER NOT NULL,
  release_number INTEGER NOT NULL,
  share          INTEGER NOT NULL,
  steps          TEXT,
  limits         TEXT NOT NULL,
  status         TEXT NOT NULL,
  reason         TEXT NOT NULL,
  author         TEXT NOT NULL,
  created_at     DATETIME,
  ended_at       DATETIME,
  revision       INTEGER NOT NULL,
  step_at        DATETIME,
  counts         TEXT NOT NULL,
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX canaries_by_app ON canaries (app_id, id);
CREATE INDEX canaries_by_tenant ON canaries (tenant_id, app_id);

-- +goose Down
DROP TABLE canaries;
DROP TABLE switches;
