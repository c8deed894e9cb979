-- What a member is called, what it is and how it wants messages, as changed later; joined_name:
-- the name it had before the first change.
ALTER TABLE member ADD COLUMN role_tag TEXT;
ALTER TABLE member ADD COLUMN message_mode TEXT;
ALTER TABLE member ADD COLUMN joined_name TEXT;
