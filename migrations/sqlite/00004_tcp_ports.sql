-- +goose Up
-- A row alone: whoever takes a port holds it meanwhile, so that takers queue.
CREATE TABLE tcp_pool (
  id   INTEGER NOT NULL PRIMARY KEY,
  last INTEGER NOT NULL -- port taken last: the search for a free one begins behind it
);
INSERT INTO tcp_pool (id, last) VALUES (1, 0);

CREATE TABLE tcp_ports (
  port        INTEGER NOT NULL,
  server_name TEXT NOT NULL,
  app_id      TEXT NOT NULL,
  tenant_id   TEXT NOT NULL,
  tls         TEXT NOT NULL,
  allow_list  TEXT,
  deny_list   TEXT,
  proxy       BOOLEAN NOT NULL,
  author      TEXT NOT NULL,
  created_at  DATETIME,
  PRIMARY KEY (port, server_name),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX tcp_ports_by_app ON tcp_ports (app_id, port);

-- +goose Down
DROP TABLE tcp_ports;
DROP TABLE tcp_pool;
