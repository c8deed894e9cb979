/*
 * ids.h - wire ids: 32 characters of 0-9A-Za-z (wire-core.md section 0).
 *
 * A message id starts with 9 characters of microseconds since 1970 in base 62 (ASCII
 * order, so ids sort by time) and goes on with 23 random ones; within one source it rises
 * strictly. All other ids (mesh, member, invite, key) are random from the first character.
 */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include "base/clock.h"
#include "base/random.h"

enum { ID_LEN = 32, ID_TIME_LEN = 9, ID_POOL = 1024 };

struct id_source {
	const struct clock *clock;
	const struct random *random;
	i64 last_us;          /* time part of the newest message id */
	u8 pool[ID_POOL];     /* random bytes asked for at once */
	size_t n_pool;        /* left of them, at the front */
};

str id_random(struct arena *a, const struct random *r);
str id_message(struct arena *a, struct id_source *src);
/* The times, in microseconds, of message ids that start so: earliest and latest. */
void id_times(str prefix, i64 *ret_first_us, i64 *ret_last_us);
/* n characters drawn from alphabet, without bias. */
str id_from_alphabet(struct arena *a, const struct random *r, str alphabet, size_t n);
/* UUIDv4 with dashes, for system pushes. */
str id_uuid(struct arena *a, const struct random *r);
/* min_len to 32 characters of the alphabet: an id or a prefix of one. */
bool id_is_prefix(str s, size_t min_len);

#endif
