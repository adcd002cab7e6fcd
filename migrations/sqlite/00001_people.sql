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
  sort_name     TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  operator      BOOLEAN NOT NULL,
  support       BOOLEAN NOT NULL,
  language      TEXT NOT NULL,
  theme         TEXT NOT NULL,
  created_at    DATETIME
);

CREATE INDEX users_by_name ON users (sort_name, id);

CREATE TABLE memberships (
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       TEXT NOT NULL,
  created_at DATETIME,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE invitations (
  id           TEXT NOT NULL PRIMARY KEY,
  tenant_id    TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  email        TEXT NOT NULL,
  role         TEXT NOT NULL,
  secret_hash  TEXT NOT NULL UNIQUE,
  inviter_id   TEXT NOT NULL,
  inviter_name TEXT NOT NULL,
  created_at   DATETIME,
  expires_at   DATETIME,
  accepted_at  DATETIME,
  revoked_at   DATETIME
);
CREATE INDEX invitations_by_tenant ON invitations (tenant_id, id);

CREATE TABLE sessions (
  token_hash TEXT NOT NULL PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  user_id    TEXT NOT NULL,
  peer       TEXT NOT NULL,
  agent      TEXT NOT NULL,
  data       BLOB,
  created_at DATETIME,
  seen_at    DATETIME,
  expires_at DATETIME
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE tickets (
  hash       TEXT NOT NULL PRIMARY KEY,
  purpose    TEXT NOT NULL,
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at DATETIME,
  expires_at DATETIME
);
CREATE INDEX tickets_by_user ON tickets (user_id);

CREATE TABLE two_factors (
  user_id    TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  sealed     BLOB NOT NULL,
  active     BOOLEAN NOT NULL,
  last_step  INTEGER NOT NULL,
  created_at DATETIME
);

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash    TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
);

CREATE TABLE identities (
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at DATETIME,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

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
CREATE INDEX audit_by_app ON audit (app_id, tenant_id, id);

CREATE TABLE quota_plans (
  name       TEXT NOT NULL PRIMARY KEY,
  quota      TEXT,
  created_at DATETIME
);

INSERT INTO quota_plans (name, quota, created_at) VALUES
  ('unlimited', '{}', CURRENT_TIMESTAMP),
  ('starter', '{"memory":2147483648,"cpu":2000,"instances":8,"apps":5,"services":3,"images":5368709120,"volumes":5368709120,"domains":3,"log_rate":131072,"log_retention":168}', CURRENT_TIMESTAMP),
  ('standard', '{"memory":68719476736,"cpu":128000,"instances":500,"apps":2000,"services":200,"images":214748364800,"volumes":214748364800,"domains":2000,"log_rate":1048576,"log_retention":720}', CURRENT_TIMESTAMP);

-- What tenants use: sums by resource, and by who holds it. The row of the resource '' is held by whoever changes any.
CREATE TABLE usage_sums (
  tenant_id TEXT NOT NULL,
  resource  TEXT NOT NULL,
  amount    INTEGER NOT NULL,
  peak      INTEGER NOT NULL, -- since the last sample
  PRIMARY KEY (tenant_id, resource),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE usage_holders (
  tenant_id TEXT NOT NULL,
  holder    TEXT NOT NULL,
  resource  TEXT NOT NULL,
  amount    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, holder, resource),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE usage_samples (
  tenant_id TEXT NOT NULL,
  hour      DATETIME NOT NULL,
  resource  TEXT NOT NULL,
  peak      INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour, resource),
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX usage_samples_by_hour ON usage_samples (hour);

CREATE TABLE quota_requests (
  id         TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL,
  resource   TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  status     TEXT NOT NULL,
  answer     TEXT NOT NULL,
  author     TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  created_at DATETIME,
  decider    TEXT NOT NULL,
  decided_at DATETIME,
  FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX quota_requests_by_tenant ON quota_requests (tenant_id, id);
CREATE INDEX quota_requests_by_status ON quota_requests (status, id);

CREATE TABLE support_sessions (
  id         TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  user_name  TEXT NOT NULL,
  reason     TEXT NOT NULL,
  lasts      INTEGER NOT NULL, -- seconds
  created_at DATETIME,
  expires_at DATETIME,
  state      TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at DATETIME,
  ended_by   TEXT NOT NULL,
  ended_at   DATETIME
);
CREATE INDEX support_sessions_by_tenant ON support_sessions (tenant_id, state, expires_at);
CREATE INDEX support_sessions_by_user ON support_sessions (user_id, state, expires_at);
CREATE INDEX support_sessions_by_state ON support_sessions (state, expires_at);

-- +goose Down
DROP TABLE support_sessions;
DROP TABLE quota_requests;
DROP TABLE usage_samples;
DROP TABLE usage_holders;
DROP TABLE usage_sums;
DROP TABLE quota_plans;
DROP TABLE audit;
DROP TABLE tokens;
DROP TABLE setup_links;
DROP TABLE identities;
DROP TABLE recovery_codes;
DROP TABLE two_factors;
DROP TABLE tickets;
DROP TABLE sessions;
DROP TABLE invitations;
DROP TABLE memberships;
DROP TABLE users;
DROP TABLE tenants;
