/*
 * clock.h - time as a parameter, so that tests and the simulator decide what time it is.
 *
 * wall time: microseconds since 1970-01-01 UTC, may jump. mono time: microseconds since
 * some start, never goes back; every wait and deadline uses it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/arena.h"

struct clock {
	i64 (*wall_us)(void *arg);
	i64 (*mono_us)(void *arg);
	void *arg;
};

extern const struct clock clock_real;

static inline i64 clock_ms(const struct clock *c) { return c->wall_us(c->arg) / 1000; }
static inline i64 clock_us(const struct clock *c) { return c->wall_us(c->arg); }
static inline i64 clock_mono_ms(const struct clock *c) { return c->mono_us(c->arg) / 1000; }

/* A clock that stands still until moved: struct clock_fixed f = {.us = ...}; clock_fixed(&f). */
struct clock_fixed { i64 us; };
struct clock clock_fixed(struct clock_fixed *f);

/* "2026-01-02T03:04:05.678Z", always three digits, always UTC, whatever TZ says. */
str time_iso(struct arena *a, i64 ms);
/* Reads that form, with or without a fraction; false on anything else. */
bool time_from_iso(str s, i64 *ret_ms);
/* "90s", "15m", "2h", "7d" -> milliseconds; false on anything else, zero or overflow. */
bool time_from_duration(str s, i64 *ret_ms);

#endif
