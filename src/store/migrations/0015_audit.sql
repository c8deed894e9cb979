-- The audit log: a chain for each mesh, whose rows are added and never changed. The key keeps
-- two writers from adding the same row of a chain.
CREATE TABLE audit (
	mesh_no BIGINT NOT NULL,
	seq BIGINT NOT NULL,                  -- from 1, without a gap
	event TEXT NOT NULL,
	actor TEXT,                           -- member id; NULL: nobody
	payload TEXT NOT NULL,                -- canonical JSON
	hash BLOB NOT NULL,                   -- of this row and the hash before it (crypto/audit.h)
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, seq)
) CLUSTERED;
-- Messages are most of it, and found without this.
CREATE INDEX audit_event ON audit (mesh_no, event, seq) WHERE event <> 'message_sent';
