-- +goose Up
-- sealed is where a drain leads and what it signs in with; shows is what may be read of it.
CREATE TABLE log_drains (
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  shows      TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  revision   INTEGER NOT NULL,
  author     TEXT NOT NULL,
  created_at DATETIME,
  sent       INTEGER NOT NULL,
  sent_at    DATETIME,
  lost       INTEGER NOT NULL,
  lost_for   TEXT NOT NULL,
  fault      TEXT NOT NULL,
  fault_at   DATETIME,
  PRIMARY KEY (tenant_id, id)
);

-- +goose Down
DROP TABLE log_drains;
