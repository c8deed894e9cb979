/*
 * topics_internal.h - the inside of topics.h, shared by topics.c (keys, reading) and topics_post.c.
 */
#ifndef CLIENT_TOPICS_INTERNAL_H
#define CLIENT_TOPICS_INTERNAL_H

#include "client/topics.h"

/* Somebody else was first: the topic has another key now than it was asked for. */
bool topics_lost_race(const struct err *e);
/* A key for a slot, sealed to the members of the topic who are vouched for. The first
 * TOPIC_COPIES_MAX get their copy with it, the others when somebody seals for them. */
struct err *topics_next_key(struct topics *t, const struct topic_slot *slot, u8 ret_bytes[TOPIC_KEY_BYTES],
			    struct topic_new_key_args *ret_key, struct strs *ret_left_out) MUST_CHECK;
/* It was installed. */
struct err *topics_keep_key(struct topics *t, const struct topic_slot *slot, str name,
			    const u8 bytes[TOPIC_KEY_BYTES]) MUST_CHECK;

#endif
