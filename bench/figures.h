/*
 * figures.h - named numbers of a run, and of several runs of the same kind.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "base/arena.h"

enum { FIGURES_MAX = 80, FIGURE_KEY_MAX = 40 };

struct figure {
	char key[FIGURE_KEY_MAX];
	const char *unit; /* "": a count */
	i64 value;
	i64 least, most; /* of several runs; value then is their median */
};

struct figures {
	struct figure items[FIGURES_MAX];
	size_t n;
};

void figures_add(struct figures *f, const char *key, const char *unit, u64 value);
/* NULL if there is none. */
const struct figure *figures_get(const struct figures *f, const char *key);
/* The median, least and most of each figure of n runs of one kind; n odd and at least 1. Of counts
 * the most is taken: one lost message in one run is what must be seen. */
void figures_join(struct figures *to, const struct figures *runs, size_t n);
/* The key as a JSON key, with its unit. */
str figures_json_key(struct arena *a, const char *prefix, const struct figure *f);

#endif
