-- An account that the operator shut out: it is signed in nowhere, and cannot sign in. 0: it is not.
ALTER TABLE account ADD COLUMN blocked_ms BIGINT NOT NULL DEFAULT 0;
