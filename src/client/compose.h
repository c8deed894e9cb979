/*
 * compose.h - a text and a target as the fields of `send`: sealed to a key, or the plain
 * encoding of groups and broadcasts. Never plain to a key.
 */
#ifndef CLIENT_COMPOSE_H
#define CLIENT_COMPOSE_H

#include "base/random.h"
#include "client/resolve.h"
#include "crypto/box.h"
#include "proto/message.h"

enum { COMPOSE_TEXT_MAX = 48800 }; /* fits every broker's default limit */

struct draft {
	str text;
	enum priority priority; /* absent: next */
	str client_message_id;  /* empty: made up; give the same to send it again */
	str reply_to;
	bool require_connected;
};

/* own: the pair that the link's broker stamps as sender (link_seal_pair). BAD_REQUEST for
 * text that is not UTF-8, holds NUL or is empty; TOO_LARGE. */
struct err *compose(struct arena *a, const struct draft *d, const struct target *to,
		    struct box_cache *cache, const struct sign_pair *own,
		    const struct random *random, struct send_args *ret_send) MUST_CHECK;

#endif
