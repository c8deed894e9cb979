#include "broker/places.h"

#include <uthash.h>
#include <utlist.h>

#include "crypto/hash.h"
#include "proto/limits.h"

/* Those at one address, process and directory. */
struct spot {
	UT_hash_handle hh;
	u8 key[DIGEST_BYTES];
	struct place *places;
};

struct caller {
	UT_hash_handle hh; /* in order of first call */
	char account[ADDRESS_LEN_MAX];
	struct bucket misses;
};

struct places {
	u8 secret[HASH_KEY_BYTES]; /* nobody can choose keys that meet */
	struct spot *spots;
	struct caller *callers;
};

struct places *places_new(const struct random *random)
{
	struct places *ps = calloc(1, sizeof(*ps));

	if (!ps)
		abort();
	random_fill(random, ps->secret, sizeof(ps->secret));
	return ps;
}

static void caller_free(struct places *ps, struct caller *c)
{
	HASH_DEL(ps->callers, c);
	free(c);
}

void places_free(struct places *ps)
{
	struct caller *c, *next;

	if (!ps)
		return;
	if (ps->spots)
		abort();
	HASH_ITER(hh, ps->callers, c, next)
		caller_free(ps, c);
	free(ps);
}

static struct spot *spot_find(struct places *ps, str address, const u8 digest[PLACE_BYTES],
			      u8 ret_key[DIGEST_BYTES])
{
	const str parts[] = { str_of(ps->secret, sizeof(ps->secret)), address,
			      str_of(digest, PLACE_BYTES) };
	struct spot *s;

	digest_parts(parts, ARRAY_LEN(parts), ret_key);
	HASH_FIND(hh, ps->spots, ret_key, DIGEST_BYTES, s);
	return s;
}

void places_enter(struct places *ps, struct place *p, str address, const u8 digest[PLACE_BYTES])
{
	u8 key[DIGEST_BYTES];
	struct spot *s = spot_find(ps, address, digest, key);

	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			abort();
		memcpy(s->key, key, sizeof(key));
		HASH_ADD(hh, ps->spots, key, DIGEST_BYTES, s);
	}
	p->spot = s;
	DL_PREPEND(s->places, p);
}

void places_leave(struct places *ps, struct place *p)
{
	struct spot *s = p->spot;

	if (!s)
		return;
	p->spot = NULL;
	DL_DELETE(s->places, p);
	if (s->places)
		return;
	HASH_DEL(ps->spots, s);
	free(s);
}

struct place *places_find(struct places *ps, str address, const u8 digest[PLACE_BYTES])
{
	u8 key[DIGEST_BYTES];
	const struct spot *s = spot_find(ps, address, digest, key);

	return s ? s->places : NULL;
}

static struct caller *caller_find(struct places *ps, str account)
{
	struct caller *c;

	HASH_FIND(hh, ps->callers, account.ptr, account.len, c);
	return c;
}

static struct caller *caller_add(struct places *ps, str account)
{
	struct caller *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	if (HASH_COUNT(ps->callers) >= PLACES_CALLERS_MAX)
		caller_free(ps, ps->callers);
	account.len = MIN(account.len, sizeof(c->account) - 1);
	memcpy(c->account, account.ptr, account.len);
	HASH_ADD_KEYPTR(hh, ps->callers, c->account, account.len, c);
	return c;
}

bool places_charge(struct places *ps, str account, i64 mono_ms)
{
	struct caller *c = caller_find(ps, account);

	if (!c)
		c = caller_add(ps, account);
	if (!bucket_has(&c->misses, mono_ms, HOOK_MISSES_PER_MINUTE, HOOK_MISSES_BURST))
		return false;
	bucket_take(&c->misses);
	return true;
}

void places_give_back(struct places *ps, str account)
{
	struct caller *c = caller_find(ps, account);

	if (c)
		bucket_give_back(&c->misses, 1);
}

bool place_charge(struct place *p, i64 mono_ms)
{
	if (!bucket_has(&p->hooks, mono_ms, HOOKS_PER_MINUTE, HOOKS_PER_MINUTE))
		return false;
	bucket_take(&p->hooks);
	return true;
}
