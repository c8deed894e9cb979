-- Devices: members that another member let in by a code (src/crypto/device.h).
ALTER TABLE member ADD COLUMN device_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN device_label TEXT;
ALTER TABLE member ADD COLUMN device_code TEXT;
ALTER TABLE member ADD COLUMN device_expires_s BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN device_signature TEXT;

-- Codes that wait for their device: one of a member, for a minute.
CREATE TABLE device_code (
	code TEXT NOT NULL PRIMARY KEY,       -- its public key
	mesh_no BIGINT NOT NULL,
	member_no BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	expires_s BIGINT NOT NULL,            -- as signed
	signature TEXT NOT NULL,
	introduction TEXT NOT NULL
);
CREATE INDEX device_code_member ON device_code (mesh_no, member_no);
