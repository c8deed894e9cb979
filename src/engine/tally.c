#include "engine/tally.h"

#include "crypto/hash.h"

enum { MINUTES = 60, HOUR_S = 3600 };

struct tally {
	UT_hash_handle hh;    /* engine->tallies, by id, the oldest first */
	u64 id;               /* keyed hash of kind and text: who cannot compute it can meet nobody */
	i64 per_hour;
	struct bucket bucket; /* its minute is an hour */
};

static u64 id_of(struct engine *e, const char *kind, str whose)
{
	str parts[] = { str_from(kind), whose };
	u8 digest[DIGEST_BYTES];

	if (!e->has_tally_key)
		random_fill(e->random, e->tally_key, sizeof(e->tally_key));
	e->has_tally_key = true;
	digest_parts(parts, ARRAY_LEN(parts), digest);
	return hash_keyed(e->tally_key, str_of(digest, sizeof(digest)));
}

static struct tally *find(struct engine *e, u64 id)
{
	struct tally *t;

	HASH_FIND(hh, e->tallies, &id, sizeof(id), t);
	return t;
}

static i64 hours(const struct engine *e)
{
	return e->mono_ms / MINUTES;
}

bool tally_has(struct engine *e, const char *kind, str whose, i64 per_hour, i64 burst)
{
	struct tally *t = find(e, id_of(e, kind, whose));

	return !t || bucket_has(&t->bucket, hours(e), per_hour, burst);
}

static struct tally *add(struct engine *e, u64 id, i64 per_hour)
{
	struct tally *t;

	if (HASH_COUNT(e->tallies) >= TALLIES_MAX) {
		t = e->tallies;
		HASH_DELETE(hh, e->tallies, t);
		free(t);
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	t->id = id;
	t->per_hour = per_hour;
	HASH_ADD(hh, e->tallies, id, sizeof(t->id), t);
	return t;
}

void tally_take(struct engine *e, const char *kind, str whose, i64 per_hour, i64 burst)
{
	u64 id = id_of(e, kind, whose);
	struct tally *t = find(e, id);

	if (!t)
		t = add(e, id, per_hour);
	if (bucket_has(&t->bucket, hours(e), per_hour, burst))
		bucket_take(&t->bucket);
}

struct err *tally_check(struct req *rq, const char *kind, str whose, i64 per_hour, i64 burst, const char *text)
{
	if (tally_has(rq->engine, kind, whose, per_hour, burst))
		return NULL;
	rq->retry_after_s = HOUR_S / per_hour;
	return FAIL(rq->arena, RATE_LIMIT, "%s", text);
}

void tallies_prune(struct engine *e)
{
	struct tally *t, *next;

	HASH_ITER(hh, e->tallies, t, next) {
		if (bucket_is_full(&t->bucket, hours(e), t->per_hour)) {
			HASH_DELETE(hh, e->tallies, t);
			free(t);
		}
	}
}

void tallies_free(struct engine *e)
{
	struct tally *t, *next;

	HASH_ITER(hh, e->tallies, t, next) {
		HASH_DELETE(hh, e->tallies, t);
		free(t);
	}
}
