/*
 * brokers.h - what we remember of brokers between runs: brokers.json.
 *
 * hello2: the broker once sent a challenge. From then on a connection without one is
 * refused, so that nobody between us and the broker can bring back the replayable hello.
 */
#ifndef CLIENT_BROKERS_H
#define CLIENT_BROKERS_H

#include "client/paths.h"

/* url: the ws address as in config.json. A missing file or broker is false. */
struct err *brokers_get_hello2(struct arena *a, const struct paths *p, str url, bool *ret_hello2)
	MUST_CHECK;
/* Writes only if it is not known yet. */
struct err *brokers_set_hello2(struct arena *a, const struct paths *p, str url) MUST_CHECK;

#endif
