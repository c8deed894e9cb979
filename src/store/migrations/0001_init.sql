-- The first schema. One text for every database (src/db/driver.h): ROW_KEY and CLUSTERED
-- are tokens, booleans are 0 or 1, times are milliseconds since 1970, 0 is "never".
-- Numbers come from table number and are never used twice. Everything of a mesh carries
-- mesh_no. No foreign keys: the store deletes what belongs together.

CREATE TABLE number (
	kind BIGINT NOT NULL PRIMARY KEY,
	limit_no BIGINT NOT NULL              -- every number below may have been given
);

CREATE TABLE mesh (
	no ROW_KEY NOT NULL PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	owner_pubkey TEXT NOT NULL,
	owner_secret BLOB,
	root_key BLOB,
	created_ms BIGINT NOT NULL,
	archived_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX mesh_slug ON mesh (slug) WHERE archived_ms = 0;

CREATE TABLE member (
	no ROW_KEY NOT NULL PRIMARY KEY,
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL UNIQUE,
	pubkey TEXT NOT NULL,
	x25519 TEXT,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	invite_no BIGINT NOT NULL,
	claim_signature TEXT,
	status TEXT,
	summary TEXT,
	groups TEXT,
	created_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL,
	UNIQUE (mesh_no, pubkey)
);

CREATE TABLE invite (
	no ROW_KEY NOT NULL PRIMARY KEY,
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL UNIQUE,
	code TEXT UNIQUE,
	token TEXT UNIQUE,
	capability TEXT,
	invite_pubkey TEXT,
	owner_signature TEXT,
	sealed_root TEXT,
	role TEXT NOT NULL,
	max_uses BIGINT NOT NULL,
	uses BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL
);
CREATE INDEX invite_mesh ON invite (mesh_no);

CREATE TABLE mailbox (
	no ROW_KEY NOT NULL PRIMARY KEY,
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	pubkey TEXT NOT NULL,
	session BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL,
	UNIQUE (mesh_no, pubkey)
);

CREATE TABLE message (
	no ROW_KEY NOT NULL PRIMARY KEY,      -- accept order
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL,
	sender_no BIGINT NOT NULL,
	sender_pubkey TEXT NOT NULL,
	sender_name TEXT,
	target TEXT NOT NULL,
	rank BIGINT NOT NULL,
	nonce TEXT NOT NULL,
	ciphertext TEXT NOT NULL,
	client_id TEXT,
	fingerprint TEXT,
	reply_to TEXT,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL
);

-- A delivery exists while its message waits for that mailbox; the last one to end takes the
-- message with it. The index serves that end and expiry; both trees mostly grow at one place.
CREATE TABLE delivery (
	mailbox_no BIGINT NOT NULL,
	rank BIGINT NOT NULL,
	message_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	shared BIGINT NOT NULL,
	PRIMARY KEY (mailbox_no, rank, message_no)
) CLUSTERED;
CREATE INDEX delivery_message ON delivery (message_no);

-- What was accepted: tells a repeated client_id of a sender, and its sender what became of it.
-- Only ever appended to, so no index in random order: client_id is looked up in memory.
CREATE TABLE receipt (
	no ROW_KEY NOT NULL PRIMARY KEY,      -- the message's
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL,
	sender_no BIGINT NOT NULL,
	target TEXT NOT NULL,
	client_id TEXT,
	fingerprint TEXT,                     -- as received
	digest BLOB,                          -- of what was sent, when there is no fingerprint
	recipients BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX receipt_id ON receipt (id);

-- How a delivery ended: outlives it. Messages mostly end in the order they came.
CREATE TABLE receipt_end (
	message_no BIGINT NOT NULL,
	mailbox_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	state BIGINT NOT NULL,                -- enum delivery_state
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (message_no, mailbox_no)
) CLUSTERED;

CREATE TABLE signature_seen (
	until_ms BIGINT NOT NULL,
	signature TEXT NOT NULL,
	PRIMARY KEY (until_ms, signature)
) CLUSTERED;

CREATE TABLE topic (
	no ROW_KEY NOT NULL PRIMARY KEY,
	mesh_no BIGINT NOT NULL,
	id TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	visibility TEXT NOT NULL,
	created_by BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (mesh_no, name)
);

CREATE TABLE topic_member (
	topic_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	mesh_no BIGINT NOT NULL,
	role TEXT NOT NULL,
	joined_ms BIGINT NOT NULL,
	PRIMARY KEY (topic_no, member_no)
) CLUSTERED;
