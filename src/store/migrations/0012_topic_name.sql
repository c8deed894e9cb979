-- One public topic of a name; private ones may have it too, or making one would tell that another
-- is there. What a lead said of somebody outlasts that member's leaving (engine/topic.h).
CREATE TABLE topic_renewed (
	no ROW_KEY NOT NULL PRIMARY KEY,
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	visibility TEXT NOT NULL,
	created_by BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	description TEXT,
	plaintext BIGINT NOT NULL DEFAULT 0,
	epoch BIGINT NOT NULL DEFAULT 0,      -- 0: no key
	stale BIGINT NOT NULL DEFAULT 0,      -- the next key is wanted
	filled BIGINT NOT NULL DEFAULT 0
);
INSERT INTO topic_renewed (no, mesh_no, id, name, visibility, created_by, created_ms, description, plaintext,
	epoch, stale, filled)
	SELECT no, mesh_no, id, name, visibility, created_by, created_ms, description, plaintext, epoch, stale,
	filled FROM topic;
DROP TABLE topic;
ALTER TABLE topic_renewed RENAME TO topic;
CREATE UNIQUE INDEX topic_public_name ON topic (mesh_no, name) WHERE visibility = 'public';
CREATE INDEX topic_mesh ON topic (mesh_no, name);

-- role 'observer': may read and not post; 'none': may not come back by itself.
CREATE TABLE topic_bar (
	topic_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	role TEXT NOT NULL,
	PRIMARY KEY (topic_no, member_no)
) CLUSTERED;
CREATE INDEX topic_bar_mesh ON topic_bar (mesh_no);
