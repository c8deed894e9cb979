-- What a member's next connection is told, and what the member shows of itself.
ALTER TABLE member ADD COLUMN last_summary TEXT;
ALTER TABLE member ADD COLUMN hidden BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN profile TEXT;
