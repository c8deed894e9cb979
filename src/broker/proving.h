/*
 * proving.h - one frame of a socket that is not admitted, checked on the pool.
 *
 * Holds copies of all it needs: the connection may go meanwhile. Loop thread only.
 */
#ifndef BROKER_PROVING_H
#define BROKER_PROVING_H

#include "base/block.h"
#include "base/clock.h"
#include "broker/pool.h"
#include "crypto/hello.h"
#include "engine/event.h"
#include "net/server.h"

enum { REFUSAL_WORD_MAX = 64, REFUSAL_TEXT_MAX = 256 };

enum verdict {
	VERDICT_GOOD,         /* a hello whose signatures hold */
	VERDICT_STRAY,        /* no hello at all: the socket may try again */
	VERDICT_REFUSED,
};

struct proving {
	struct conn_id id;
	enum verdict verdict;
	struct proof proof;           /* good */
	struct block *error;          /* else: the message to send */
	char word[REFUSAL_WORD_MAX], text[REFUSAL_TEXT_MAX];
	str frame;
	/* private */
	struct pool_job job;
	struct arena *arena;
	const struct clock *clock;
	char challenge[HELLO_CHALLENGE_LEN + 1];
	void (*done)(void *arg, const struct proving *p);
	void *arg;
};

/* Calls done(arg, ...) in a later turn; what it is given ends with the call. */
void proving_start(struct pool *pool, const struct clock *clock, struct conn_id id, str challenge,
		   str frame, void (*done)(void *arg, const struct proving *p), void *arg);

#endif
