/*
 * challenge.h - challenges for clients that cannot read the 101 answer, which are web pages.
 *
 * One is asked for by GET /api/v1/challenge, named in the address of the WebSocket
 * (/ws?challenge=...) and signed in the hello. Handing one out remembers nothing: it holds its
 * time, sealed with a key of this process. A hello that was good uses it up. Used ones are
 * remembered for two minutes; nobody can fill that for the others: a key and an address have shares
 * of it, and what the engine does not know as a member's is forgotten. Loop thread only.
 */
#ifndef BROKER_CHALLENGE_H
#define BROKER_CHALLENGE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

enum {
	CHALLENGE_MS = 30000,         /* how long one is good */
	CHALLENGES_USED_MAX = 65536,  /* remembered; each cost a hello whose signature holds */
	CHALLENGES_PER_KEY_MAX = 256, /* of them by one key; a page that comes back too fast for long needs 16 */
	CHALLENGES_PER_ADDRESS_MAX = CHALLENGES_USED_MAX / 4, /* by one address, which may be a proxy's */
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
/* When its hello was good: from now on it is used, unless it was. FULL: no more can be
 * remembered of that key, that address, or at all. */
enum challenge_use { CHALLENGE_USED, CHALLENGE_WAS_USED, CHALLENGE_FULL };
enum challenge_use challenges_use(struct challenges *c, str challenge, str pubkey, str account) MUST_CHECK;
/* The hello was nobody's: to use it again gains nothing. */
void challenges_forget(struct challenges *c, str challenge);

/* GET /api/v1/challenge */
void challenge_answer(struct http *h, struct server_request *rq, str param);

#endif
