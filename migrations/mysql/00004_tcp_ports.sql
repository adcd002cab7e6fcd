-- +goose Up
-- A row alone: whoever takes a port holds it meanwhile, so that takers queue.
CREATE TABLE IF NOT EXISTS tcp_pool (
  id   INT NOT NULL PRIMARY KEY,
  last INT NOT NULL -- port taken last: the search for a free one begins behind it
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO tcp_pool (id, last) VALUES (1, 0);

CREATE TABLE IF NOT EXISTS tcp_ports (
  port        INT NOT NULL,
  server_name VARBINARY(253) NOT NULL,
  app_id      VARBINARY(64) NOT NULL,
  tenant_id   VARBINARY(64) NOT NULL,
  tls         VARCHAR(32) NOT NULL,
  allow_list  MEDIUMTEXT,
  deny_list   MEDIUMTEXT,
  proxy       BOOLEAN NOT NULL,
  author      VARCHAR(255) NOT NULL,
  created_at  DATETIME(6),
  PRIMARY KEY (port, server_name),
  INDEX tcp_ports_by_app (app_id, port),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS tcp_ports;
DROP TABLE IF EXISTS tcp_pool;
