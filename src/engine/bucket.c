#include "engine/bucket.h"

static void refill(struct bucket *b, i64 now_ms, i64 per_minute)
{
	i64 passed = MIN(MAX(now_ms - b->at_ms, 0), 24 * 3600 * 1000);

	/* per_minute tokens in 60,000 ms are per_minute / 60 thousandths a millisecond. */
	b->used_milli = MAX(b->used_milli - passed * per_minute / 60, 0);
	b->at_ms = now_ms;
}

bool bucket_has(struct bucket *b, i64 now_ms, i64 per_minute, i64 burst)
{
	if (per_minute == 0)
		return true;
	/* Less than a thousandth would be rounded away: wait until it is one. */
	if (now_ms < b->at_ms || (now_ms - b->at_ms) * per_minute >= 60)
		refill(b, now_ms, per_minute);
	return b->used_milli + 1000 <= burst * 1000;
}

void bucket_take(struct bucket *b)
{
	b->used_milli += 1000;
}

void bucket_give_back(struct bucket *b, i64 n)
{
	b->used_milli = MAX(b->used_milli - n * 1000, 0);
}

bool bucket_is_full(struct bucket *b, i64 now_ms, i64 per_minute)
{
	refill(b, now_ms, per_minute);
	return b->used_milli == 0;
}
