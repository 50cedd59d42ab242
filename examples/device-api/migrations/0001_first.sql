CREATE TABLE devices (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL,
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  has_esim INTEGER NOT NULL,
  status TEXT NOT NULL,
  latitude REAL,
  longitude REAL,
  possession TEXT NOT NULL,
  holder TEXT,
  enrolled_with TEXT NOT NULL,
  enrolled_at TEXT NOT NULL,
  UNIQUE (team_id, serial)
);
CREATE INDEX devices_of_team ON devices (team_id, id);

CREATE TABLE device_groups (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (team_id, name)
);
CREATE INDEX device_groups_of_team ON device_groups (team_id, id);

CREATE TABLE group_devices (
  team_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  PRIMARY KEY (team_id, group_id, device_id)
);

CREATE TABLE policies (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (team_id, name)
);
CREATE INDEX policies_of_team ON policies (team_id, id);

CREATE TABLE policy_groups (
  team_id TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  PRIMARY KEY (team_id, policy_id, group_id)
);

CREATE TABLE enrolment_tokens (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL,
  name TEXT NOT NULL,
  -- SHA-256 of the secret: the secret itself is shown once and kept nowhere.
  hash TEXT NOT NULL UNIQUE,
  uses INTEGER NOT NULL,
  max_uses INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  revoked_at TEXT
);
CREATE INDEX enrolment_tokens_of_team ON enrolment_tokens (team_id, id);

CREATE TABLE commands (
  id TEXT PRIMARY KEY,
  team_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  name TEXT NOT NULL,
  parameters TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- The access token that gave it: who did this can be answered later.
  created_by TEXT NOT NULL
);
CREATE INDEX commands_of_device ON commands (team_id, device_id, id);
