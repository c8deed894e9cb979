-- Who wrote a post, by its author's own signature, as it was sent; NULL: unsigned. Of an answer also
-- what the signature says that it answers: the parent may be gone one day.
ALTER TABLE topic_post ADD COLUMN signature TEXT;
ALTER TABLE topic_post ADD COLUMN signed_reply TEXT;
