-- What lets a session key speak for its member, as last shown: receivers check it themselves.
ALTER TABLE mailbox ADD COLUMN attested_until_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN attestation TEXT;
