#include "engine/guess.h"

struct guess {
	UT_hash_handle hh;    /* in order of first guess */
	char address[ADDRESS_LEN_MAX];
	struct bucket bucket;
};

static struct guess *find(struct engine *e, const struct event *ev)
{
	struct guess *g;

	HASH_FIND_STR(e->guesses, ev->address, g);
	return g;
}

struct err *guess_check(struct req *rq)
{
	struct engine *e = rq->engine;
	struct guess *g = find(e, rq->event);

	/* All guesses are counted at the house, before it forwards a call. */
	if (rq->event->forwarded)
		return NULL;
	if (g && !bucket_has(&g->bucket, e->mono_ms, GUESS_PER_MINUTE, GUESS_BURST))
		return FAIL(rq->arena, RATE_LIMIT, "too many unknown invite codes from your address; wait a minute");
	return NULL;
}

void guess_failed(struct req *rq)
{
	struct engine *e = rq->engine;
	struct guess *g = find(e, rq->event);

	if (rq->event->forwarded)
		return;
	if (!g) {
		if (HASH_COUNT(e->guesses) >= GUESS_ADDRESSES_MAX) {
			struct guess *oldest = e->guesses;

			HASH_DELETE(hh, e->guesses, oldest);
			free(oldest);
		}
		g = calloc(1, sizeof(*g));
		if (!g)
			abort();
		memcpy(g->address, rq->event->address, sizeof(g->address) - 1);
		HASH_ADD_STR(e->guesses, address, g);
	}
	if (bucket_has(&g->bucket, e->mono_ms, GUESS_PER_MINUTE, GUESS_BURST))
		bucket_take(&g->bucket);
}

void guesses_prune(struct engine *e)
{
	struct guess *g, *next;

	HASH_ITER(hh, e->guesses, g, next) {
		if (bucket_is_full(&g->bucket, e->mono_ms, GUESS_PER_MINUTE)) {
			HASH_DELETE(hh, e->guesses, g);
			free(g);
		}
	}
}

void guesses_free(struct engine *e)
{
	struct guess *g, *next;

	HASH_ITER(hh, e->guesses, g, next) {
		HASH_DELETE(hh, e->guesses, g);
		free(g);
	}
}
