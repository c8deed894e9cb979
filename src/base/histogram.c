#include "base/histogram.h"

#define MS 1000LL
#define SECOND (1000 * MS)

const i64 histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	100, 250, 500, 1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS,
	1 * SECOND, 2500 * MS, 5 * SECOND, 10 * SECOND, 60 * SECOND, 600 * SECOND, 3600 * SECOND,
	86400 * SECOND,
};

void histogram_add(struct histogram *h, i64 us)
{
	size_t i = 0;

	us = MAX(us, 0);
	while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
		i++;
	h->counts[i]++;
	h->sum_us += us;
}

i64 histogram_count(const struct histogram *h)
{
	i64 n = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += h->counts[i];
	return n;
}
