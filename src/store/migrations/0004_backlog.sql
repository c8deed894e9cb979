-- What waits is counted by mailbox and by sender without reading a message. shared was 0 or 1;
-- from now on it is 0, or among how many mailboxes the message was shared.
ALTER TABLE delivery ADD COLUMN sender_no BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE delivery SET
	sender_no = COALESCE((SELECT message.sender_no FROM message WHERE message.no = delivery.message_no), 0),
	bytes = COALESCE((SELECT LENGTH(message.nonce) + LENGTH(message.ciphertext) FROM message
		WHERE message.no = delivery.message_no), 0);
