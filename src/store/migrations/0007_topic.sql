-- Topics. One written before this one was only #general, which everybody was put into who came
-- after it: `filled` 0 says that who is missing is still to be added (engine/topic_read.c).
ALTER TABLE topic ADD COLUMN description TEXT;
ALTER TABLE topic ADD COLUMN plaintext BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topic ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;    -- 0: no key
ALTER TABLE topic ADD COLUMN stale BIGINT NOT NULL DEFAULT 0;    -- the next key is wanted
ALTER TABLE topic ADD COLUMN filled BIGINT NOT NULL DEFAULT 0;

ALTER TABLE topic_member ADD COLUMN read_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topic_member ADD COLUMN read_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topic_member ADD COLUMN own_unread BIGINT NOT NULL DEFAULT 0; -- own posts behind read_seq
ALTER TABLE topic_member ADD COLUMN place_seq BIGINT NOT NULL DEFAULT 0;  -- got on some connection

-- Numbered twice: no with all messages, in accept order, and seq in the topic without a gap.
CREATE TABLE topic_post (
	no ROW_KEY NOT NULL PRIMARY KEY,      -- the receipt's
	mesh_no BIGINT NOT NULL,
	topic_no BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	id TEXT NOT NULL,
	sender_no BIGINT NOT NULL,
	sender_pubkey TEXT NOT NULL,
	sender_name TEXT,
	rank BIGINT NOT NULL,
	nonce TEXT NOT NULL,
	ciphertext TEXT NOT NULL,
	body_version BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	reply_no BIGINT NOT NULL,             -- no of the parent, 0: none; it may be gone
	client_id TEXT,
	fingerprint TEXT,
	created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX topic_post_seq ON topic_post (topic_no, seq);
CREATE INDEX topic_post_id ON topic_post (topic_no, id);

CREATE TABLE topic_epoch (
	topic_no BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	maker_no BIGINT NOT NULL,
	key_pubkey TEXT,                      -- the reference's; only shown
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (topic_no, epoch)
) CLUSTERED;

-- A topic's key, sealed for a member.
CREATE TABLE topic_copy (
	topic_no BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	sealed TEXT NOT NULL,
	nonce TEXT NOT NULL,
	sealer_no BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (topic_no, epoch, member_no)
) CLUSTERED;

CREATE TABLE notification (
	member_no BIGINT NOT NULL,
	post_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	topic_no BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	read_ms BIGINT NOT NULL,
	PRIMARY KEY (member_no, post_no)
) CLUSTERED;
CREATE INDEX notification_unread ON notification (member_no, post_no) WHERE read_ms = 0;
