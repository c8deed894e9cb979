#include "engine/guess.h"

struct guess {
	UT_hash_handle hh;    /* in order of first guess */
	char address[ADDRESS_LEN_MAX];
	struct bucket bucket;
	i64 day, meshes;      /* made on that day */
};

static const i64 DAY_MS = 24 * 3600 * 1000;

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

static struct guess *find_or_add(struct engine *e, const struct event *ev)
{
	struct guess *g = find(e, ev);

	if (g)
		return g;
	if (HASH_COUNT(e->guesses) >= GUESS_ADDRESSES_MAX) {
		struct guess *oldest = e->guesses;

		HASH_DELETE(hh, e->guesses, oldest);
		free(oldest);
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		abort();
	memcpy(g->address, ev->address, sizeof(g->address) - 1);
	HASH_ADD_STR(e->guesses, address, g);
	return g;
}

void guess_failed(struct req *rq)
{
	struct engine *e = rq->engine;
	struct guess *g;

	if (rq->event->forwarded)
		return;
	g = find_or_add(e, rq->event);
	if (bucket_has(&g->bucket, e->mono_ms, GUESS_PER_MINUTE, GUESS_BURST))
		bucket_take(&g->bucket);
}

static i64 today(const struct engine *e)
{
	return e->now_ms / DAY_MS;
}

struct err *mesh_made_check(struct req *rq)
{
	const struct engine *e = rq->engine;
	const struct guess *g = find(rq->engine, rq->event);

	if (g && g->day == today(e) && g->meshes >= e->settings.meshes_per_day)
		return FAIL(rq->arena, RATE_LIMIT, "%lld meshes were made from your address today; go on tomorrow",
			    (long long)g->meshes);
	return NULL;
}

void mesh_made(struct req *rq)
{
	struct guess *g = find_or_add(rq->engine, rq->event);

	if (g->day != today(rq->engine))
		g->meshes = 0;
	g->day = today(rq->engine);
	g->meshes++;
}

void guesses_prune(struct engine *e)
{
	struct guess *g, *next;

	HASH_ITER(hh, e->guesses, g, next) {
		if (g->day != today(e) && bucket_is_full(&g->bucket, e->mono_ms, GUESS_PER_MINUTE)) {
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
