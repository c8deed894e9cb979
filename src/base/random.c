#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

static void system_fill(void *arg UNUSED, void *out, size_t n)
{
	char *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			abort(); /* no randomness, no keys: there is nothing safe left to do */
		}
		p += got;
		n -= (size_t)got;
	}
}

const struct random random_system = { system_fill, NULL };

u64 random_below(const struct random *r, u64 below)
{
	u64 limit = UINT64_MAX - UINT64_MAX % below; /* a multiple: no bias */
	u64 value;

	do
		random_fill(r, &value, sizeof(value));
	while (value >= limit);
	return value % below;
}

/* SplitMix64 (Steele, Lea, Flood 2014): one 64-bit word of state, good enough for tests. */
static u64 splitmix64(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void seeded_fill(void *arg, void *out, size_t n)
{
	struct random_seed *seed = arg;
	char *p = out;

	while (n) {
		u64 word = splitmix64(&seed->state);
		size_t take = MIN(n, sizeof(word));

		memcpy(p, &word, take);
		p += take;
		n -= take;
	}
}

struct random random_seeded(struct random_seed *seed)
{
	return (struct random){ seeded_fill, seed };
}
