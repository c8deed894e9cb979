#include "bench/hist.h"

/* Below 2 * HIST_STEPS every value has a bucket, above each power of two has HIST_STEPS. */
static size_t bucket_of(u64 v)
{
	unsigned shift;

	if (v < 2 * HIST_STEPS)
		return (size_t)v;
	shift = (unsigned)(63 - __builtin_clzll(v)) - 6;
	return (size_t)shift * HIST_STEPS + (size_t)(v >> shift);
}

static u64 highest_in(size_t bucket)
{
	size_t shift;

	if (bucket < 2 * HIST_STEPS)
		return bucket;
	shift = bucket / HIST_STEPS - 1;
	return ((u64)(bucket - shift * HIST_STEPS + 1) << shift) - 1;
}

void hist_add(struct hist *h, i64 us)
{
	u64 v = us < 0 ? 0 : (u64)us;

	h->n++;
	h->max = MAX(h->max, v);
	h->counts[bucket_of(v)]++;
}

u64 hist_at(const struct hist *h, unsigned permille)
{
	u64 rank = (h->n * permille + 999) / 1000, passed = 0;

	if (!h->n)
		return 0;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		passed += h->counts[i];
		if (passed >= MAX(rank, 1))
			return MIN(highest_in(i), h->max);
	}
	return h->max;
}
