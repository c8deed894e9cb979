#include "bench/figures.h"

#include <stdio.h>
#include <stdlib.h>

void figures_add(struct figures *f, const char *key, const char *unit, u64 value)
{
	struct figure *to;

	if (f->n == FIGURES_MAX)
		return;
	to = &f->items[f->n++];
	*to = (struct figure){ .unit = unit,
			       .value = (i64)value,
			       .least = (i64)value,
			       .most = (i64)value };
	snprintf(to->key, sizeof(to->key), "%s", key);
}

const struct figure *figures_get(const struct figures *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].key, key) == 0)
			return &f->items[i];
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	i64 x = *(const i64 *)a, y = *(const i64 *)b;

	return (x > y) - (x < y);
}

void figures_join(struct figures *to, const struct figures *runs, size_t n)
{
	i64 *values = calloc(n, sizeof(*values));

	*to = runs[0];
	for (size_t i = 0; values && i < to->n; i++) {
		struct figure *f = &to->items[i];

		for (size_t k = 0; k < n; k++) {
			const struct figure *other = figures_get(&runs[k], f->key);

			values[k] = other ? other->value : f->value;
		}
		qsort(values, n, sizeof(*values), by_value);
		f->least = values[0];
		f->most = values[n - 1];
		f->value = *f->unit ? values[n / 2] : f->most;
	}
	free(values);
}

str figures_json_key(struct arena *a, const char *prefix, const struct figure *f)
{
	static const struct { const char *unit, *tail; } tails[] = {
		{ "/s", "_per_s" }, { "%", "_percent" }, { "us", "_us" },   { "us/s", "_us_per_s" },
		{ "ns", "_ns" },    { "ms", "_ms" },	 { "KiB", "_kib" }, { "bytes", "_bytes" },
	};
	const char *tail = "";

	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (strcmp(tails[i].unit, f->unit) == 0)
			tail = tails[i].tail;
	return arena_printf(a, "%s%s%s", prefix, f->key, tail);
}
