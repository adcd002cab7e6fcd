-- +goose Up
CREATE TABLE tenants (
  id          TEXT NOT NULL PRIMARY KEY,
  name        TEXT NOT NULL,
  sort_name   TEXT NOT NULL,
  plan        TEXT NOT NULL,
  quota       TEXT,
  created_at  DATETIME,
  ask_consent BOOLEAN NOT NULL,
  deleting    BOOLEAN NOT NULL
);

CREATE TABLE users (
  id            TEXT NOT NULL PRIMARY KEY,
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  operator      BOOLEAN NOT NULL,
  support       BOOLEAN NOT NULL,
  language      TEXT NOT NULL,
  theme         TEXT NOT NULL,
  created_at    DATETIME
);

CREATE TABLE memberships (
  tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role      TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE sessions (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id    TEXT NOT NULL,
  data       BLOB,
  expires_at DATETIME
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE setup_links (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  token_hash TEXT NOT NULL,
  expires_at DATETIME
);

CREATE TABLE tokens (
  id           TEXT NOT NULL PRIMARY KEY,
  tenant_id    TEXT REFERENCES tenants (id) ON DELETE CASCADE,
  owner_id     TEXT REFERENCES users (id) ON DELETE CASCADE,
  user_id      TEXT NOT NULL,
  name         TEXT NOT NULL,
  secret_hash  TEXT NOT NULL UNIQUE,
  scope        TEXT NOT NULL,
  apps         TEXT,
  created_at   DATETIME,
  expires_at   DATETIME,
  last_used_at DATETIME,
  last_peer    TEXT NOT NULL
);
CREATE INDEX tokens_by_owner ON tokens (owner_id, created_at);
CREATE INDEX tokens_by_tenant ON tokens (tenant_id, created_at);

-- An entry outlives what it is about, so it refers to nothing.
CREATE TABLE audit (
  id         TEXT NOT NULL PRIMARY KEY,
  created_at DATETIME,
  tenant_id  TEXT NOT NULL,
  app_id     TEXT NOT NULL,
  action     TEXT NOT NULL,
  object     TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id   TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  peer       TEXT NOT NULL,
  agent      TEXT NOT NULL,
  old_values TEXT,
  new_values TEXT,
  outcome    TEXT NOT NULL,
  reason     TEXT NOT NULL
);
CREATE INDEX audit_by_tenant ON audit (tenant_id, id);
CREATE INDEX audit_by_app ON audit (app_id, id);

-- +goose Down
DROP TABLE audit;
DROP TABLE tokens;
DROP TABLE setup_links;
DROP TABLE sessions;
DROP TABLE memberships;
DROP TABLE users;
DROP TABLE tenants;
