-- API keys. The secret itself is never stored; ends_ms is when it expires or was revoked,
-- whatever is first, or far away.

CREATE TABLE api_key (
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL,
	digest BLOB NOT NULL,                 -- SHA-256 of the secret's characters
	prefix TEXT NOT NULL,
	label TEXT NOT NULL,
	caps BIGINT NOT NULL,                 -- enum cap
	topics TEXT,                          -- JSON array of names; NULL: all
	member_no BIGINT NOT NULL,            -- who made it
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL,
	used_ms BIGINT NOT NULL,
	ends_ms BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, id)
);
CREATE UNIQUE INDEX api_key_digest ON api_key (digest);
CREATE INDEX api_key_created ON api_key (mesh_no, created_ms);
CREATE INDEX api_key_member ON api_key (mesh_no, member_no, created_ms);
CREATE INDEX api_key_ends ON api_key (mesh_no, ends_ms);
