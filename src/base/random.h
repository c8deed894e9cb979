/*
 * random.h - randomness as a parameter. random_system is the kernel's (getrandom); a
 * seeded one makes tests and the simulator repeat themselves and is never used for keys
 * outside them.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/base.h"

struct random {
	void (*fill)(void *arg, void *out, size_t n);
	void *arg;
};

extern const struct random random_system;

static inline void random_fill(const struct random *r, void *out, size_t n)
{
	r->fill(r->arg, out, n);
}
/* Uniform in [0, below); below > 0. */
u64 random_below(const struct random *r, u64 below);

struct random_seed { u64 state; };
struct random random_seeded(struct random_seed *seed);

#endif
