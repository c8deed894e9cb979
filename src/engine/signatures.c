#include "engine/signatures.h"

#include "crypto/encode.h"

struct signature_seen {
	UT_hash_handle hh;
	char text[128];       /* lower-case hex */
	i64 until_ms, batch_no;
};

static void add(struct engine *e, str signature, i64 until_ms)
{
	struct signature_seen *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	memcpy(s->text, signature.ptr, MIN(signature.len, sizeof(s->text)));
	s->until_ms = until_ms;
	s->batch_no = e->batch_no;
	HASH_ADD(hh, e->signatures, text, sizeof(s->text), s);
}

static void drop(struct engine *e, struct signature_seen *s)
{
	HASH_DELETE(hh, e->signatures, s);
	free(s);
}

struct err *signatures_load(struct engine *e, struct arena *a)
{
	str *signatures;
	i64 *until;
	size_t n;

	TRY(store_signatures(e->store, a, e->now_ms, &signatures, &until, &n));
	for (size_t i = 0; i < n; i++)
		add(e, signatures[i], until[i]);
	return NULL;
}

bool signatures_full(const struct engine *e)
{
	return (i64)HASH_COUNT(e->signatures) >= e->settings.signatures;
}

bool signatures_use(struct engine *e, str signature, i64 until_ms)
{
	str lower = hex_lower(e->batch, signature);
	struct signature_seen *s;

	if (lower.len != sizeof(s->text))
		return false;
	HASH_FIND(hh, e->signatures, lower.ptr, sizeof(s->text), s);
	if (s)
		return false;
	add(e, lower, until_ms);
	store_signature_add(e->store, lower, until_ms);
	return true;
}

void signatures_prune(struct engine *e)
{
	struct signature_seen *s, *next;

	HASH_ITER(hh, e->signatures, s, next)
		if (s->until_ms < e->now_ms) {
			drop(e, s);
			e->stats.signatures_pruned++;
		}
	if (engine_is_house(e)) /* of all shards */
		store_signatures_prune(e->store, e->now_ms);
}

void signatures_forget(struct engine *e)
{
	struct signature_seen *s, *next;

	HASH_ITER(hh, e->signatures, s, next)
		if (s->batch_no == e->batch_no)
			drop(e, s);
}

void signatures_free(struct engine *e)
{
	struct signature_seen *s, *next;

	HASH_ITER(hh, e->signatures, s, next)
		drop(e, s);
}
