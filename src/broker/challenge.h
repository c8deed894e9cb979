/*
 * challenge.h - challenges for clients that cannot read the 101 answer, which are web pages.
 *
 * One is asked for by GET /api/v1/challenge, named in the address of the WebSocket
 * (/ws?challenge=...) and signed in the hello. Handing one out remembers nothing: it holds its
 * time, sealed with a key of this process. A hello that was good uses it up. Loop thread only.
 */
#ifndef BROKER_CHALLENGE_H
#define BROKER_CHALLENGE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

enum {
	CHALLENGE_MS = 30000,         /* how long one is good */
	CHALLENGES_USED_MAX = 65536,  /* remembered; each cost a hello of a member */
};

struct challenges;
struct http;
struct server_request;

struct challenges *challenges_new(const struct clock *clock, const struct random *random);
void challenges_free(struct challenges *c);   /* NULL is fine */

/* 43 characters of base64url. */
str challenges_make(struct challenges *c, struct arena *a);
/* Ours, not too old and not used: when the socket opens. */
bool challenges_ok(struct challenges *c, str challenge);
/* When its hello was good: from now on it is used; false if it was, or if no more can be remembered. */
bool challenges_use(struct challenges *c, str challenge);

/* GET /api/v1/challenge */
void challenge_answer(struct http *h, struct server_request *rq, str param);

#endif
