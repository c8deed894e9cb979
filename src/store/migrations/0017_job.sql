-- What is to be done in the world outside: mails. A row is written in the commit of its cause,
-- see src/engine/mail.h.
CREATE TABLE job (
	no BIGINT NOT NULL PRIMARY KEY,
	kind TEXT NOT NULL,
	mesh_no BIGINT NOT NULL,              -- 0: of no mesh
	about_no BIGINT NOT NULL,             -- the invite; 0: nothing of the store
	payload TEXT,                         -- sealed with broker.key; absent when it has ended
	state TEXT NOT NULL,                  -- waiting, sent or failed
	tries BIGINT NOT NULL,
	due_ms BIGINT NOT NULL,               -- the next try, or while one runs the end of its lease
	until_ms BIGINT NOT NULL,             -- no try begins later
	created_ms BIGINT NOT NULL,
	ended_ms BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_ms);
CREATE INDEX job_about ON job (mesh_no, about_no);

-- Whom an invite was mailed to, who made it, and when it was last used.
ALTER TABLE invite ADD COLUMN email TEXT;
ALTER TABLE invite ADD COLUMN made_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invite ADD COLUMN used_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX invite_email ON invite (email);
