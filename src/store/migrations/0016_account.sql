-- Accounts: people, by an e-mail address that they have proved.
CREATE TABLE account (
	id TEXT NOT NULL PRIMARY KEY,
	email TEXT NOT NULL,                  -- in its normal form
	name TEXT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (email);

-- What they are signed in with. The token itself is never stored.
CREATE TABLE account_session (
	id TEXT NOT NULL PRIMARY KEY,
	account TEXT NOT NULL,
	kind TEXT NOT NULL,                   -- type of the token
	digest BLOB NOT NULL,                 -- SHA-256 of its characters
	hostname TEXT NOT NULL,
	platform TEXT NOT NULL,
	arch TEXT NOT NULL,
	address TEXT NOT NULL,                -- where it was asked for
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL               -- 0: never used
);
CREATE UNIQUE INDEX account_session_digest ON account_session (digest);
CREATE INDEX account_session_account ON account_session (account, created_ms);
CREATE INDEX account_session_expires ON account_session (expires_ms);

-- Members whose key was proved over a connection, or made, by who was signed in.
CREATE TABLE account_member (
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	account TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (mesh_no, member_no)
);
CREATE INDEX account_member_account ON account_member (account, mesh_no, member_no);

-- Codes sent to an e-mail address: one lives at a time.
CREATE TABLE login_code (
	email TEXT NOT NULL PRIMARY KEY,
	mac BLOB NOT NULL,                    -- keyed hash of the code
	tries BIGINT NOT NULL,                -- that failed
	created_ms BIGINT NOT NULL,
	until_ms BIGINT NOT NULL
);
CREATE INDEX login_code_until ON login_code (until_ms);

-- Programs that wait for somebody to sign them in.
CREATE TABLE login_device (
	digest BLOB NOT NULL PRIMARY KEY,     -- of the code that only the program knows
	session_id TEXT NOT NULL,             -- of the link
	user_code TEXT NOT NULL,              -- that both screens show
	hostname TEXT NOT NULL,
	platform TEXT NOT NULL,
	arch TEXT NOT NULL,
	address TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	state BIGINT NOT NULL,                -- enum login_state
	account TEXT NOT NULL,                -- who approved or denied it
	session TEXT NOT NULL,                -- id of what was made then
	token BLOB,                           -- sealed; gone once it has arrived
	handed_ms BIGINT NOT NULL             -- first handed out; 0: not yet
);
CREATE UNIQUE INDEX login_device_session ON login_device (session_id);
CREATE UNIQUE INDEX login_device_user ON login_device (user_code);
CREATE INDEX login_device_until ON login_device (until_ms);
