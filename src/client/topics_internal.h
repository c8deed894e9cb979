/*
 * topics_internal.h - the inside of topics.h, shared by topics.c (keys, reading) and topics_post.c.
 */
#ifndef CLIENT_TOPICS_INTERNAL_H
#define CLIENT_TOPICS_INTERNAL_H

#include "client/topics.h"

/* t->list, unless it is there: who is who, as far as we can tell ourselves. */
struct err *topics_know_members(struct topics *t) MUST_CHECK;
struct topic_author topics_author(const struct topics *t);
/* topic_next_key() with the members as the broker lists them. */
struct err *topics_next_key(struct topics *t, const struct topic_slot *slot, u8 ret_bytes[TOPIC_KEY_BYTES],
			    struct topic_new_key_args *ret_key, struct strs *ret_left_out) MUST_CHECK;
/* It was installed. */
struct err *topics_keep_key(struct topics *t, const struct topic_slot *slot, str name,
			    const u8 bytes[TOPIC_KEY_BYTES]) MUST_CHECK;

#endif
