-- Bans: a banned member is revoked, and may be let in again as what it was. Who only left or was
-- removed has revoked_ms alone.
ALTER TABLE member ADD COLUMN banned_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN banned_by BIGINT NOT NULL DEFAULT 0; -- member
ALTER TABLE member ADD COLUMN ban_reason TEXT;
-- Bearer tokens made up to then are dead.
ALTER TABLE member ADD COLUMN tokens_ms BIGINT NOT NULL DEFAULT 0;
