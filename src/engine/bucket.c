#include "engine/bucket.h"

/* per_minute tokens in 60,000 ms are per_minute of these parts in one. */
enum { TOKEN = 60000 };
static const i64 REFILL_MS_MAX = 24 * 3600 * 1000;

static void refill(struct bucket *b, i64 now_ms, i64 per_minute)
{
	i64 passed = MIN(MAX(now_ms - b->at_ms, 0), REFILL_MS_MAX);

	b->used = MAX(b->used - passed * per_minute, 0);
	b->at_ms = now_ms;
}

bool bucket_has(struct bucket *b, i64 now_ms, i64 per_minute, i64 burst)
{
	if (per_minute == 0)
		return true;
	refill(b, now_ms, per_minute);
	return b->used + TOKEN <= burst * TOKEN;
}

void bucket_take(struct bucket *b)
{
	b->used += TOKEN;
}

void bucket_take_many(struct bucket *b, i64 n)
{
	b->used += n * TOKEN;
}

void bucket_give_back(struct bucket *b, i64 n)
{
	b->used = MAX(b->used - n * TOKEN, 0);
}

bool bucket_is_full(struct bucket *b, i64 now_ms, i64 per_minute)
{
	refill(b, now_ms, per_minute);
	return b->used == 0;
}
