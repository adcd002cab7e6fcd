-- +goose Up
CREATE TABLE traffic (
  app_id    TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  length    INTEGER NOT NULL, -- of the step, seconds
  at        INTEGER NOT NULL, -- when it began, seconds since 1970
  counts    BLOB NOT NULL,
  PRIMARY KEY (app_id, length, at),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX traffic_by_time ON traffic (length, at);
CREATE INDEX traffic_by_tenant ON traffic (tenant_id, app_id);

CREATE TABLE switch_counts (
  app_id         TEXT NOT NULL,
  tenant_id      TEXT NOT NULL,
  release_number INTEGER NOT NULL,
  begun_at       DATETIME,
  ended_at       DATETIME, -- none while it is counted
  served         INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  failures       TEXT,
  marks          TEXT, -- what each process of a gateway had counted
  PRIMARY KEY (app_id, release_number),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX switch_counts_by_tenant ON switch_counts (tenant_id, app_id);

-- +goose Down
DROP TABLE switch_counts;
DROP TABLE traffic;
