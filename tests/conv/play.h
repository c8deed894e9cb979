/*
 * play.h - a conversation being played: the broker, the cast, one connection a name.
 *
 * A line is "VERB ..." (play.c) or "CONNECTION VERB ..." (actor.c). A connection is named after
 * its member: alice, alice.2; alice.2+ is a second connection of the same session. What a line
 * allocates dies with it; what stays is in p->arena.
 */
#ifndef CONV_PLAY_H
#define CONV_PLAY_H

#include "conv/broker.h"
#include "conv/cast.h"
#include "conv/wire.h"

struct actor {
	str name;
	struct member *member;
	str session_name;             /* its name without '+': a session id of that name and key */
	struct sign_pair session;     /* made with the actor, kept over reconnects */
	struct wire wire;
	bool greeted;                 /* has its hello_ack */
	struct actor *next;
};

struct play {
	struct arena *arena;
	struct vars vars;
	struct cast cast;
	struct broker broker;
	bool started;                 /* the first start, by the first line that needs it */
	struct actor *actors;
	i64 fence;                    /* number of the last fence */
	const struct json *api;       /* openapi.json, once it was needed */
};

struct verb {
	const char *name;
	struct err *(*run)(struct play *p, struct arena *a, struct actor *who, str args);
	const char *doc;
};
extern const struct verb actor_verbs[]; /* NULL name ends */

struct err *play_line(struct play *p, struct arena *a, str line) MUST_CHECK;

/* Takes a token off *rest: 'quoted', {balanced}, [balanced] or a word. Empty at the end. */
str take_token(str *rest);
/* The token must be this word. */
struct err *take_word(struct arena *a, str *rest, const char *word) MUST_CHECK;
/* A token 'quoted' as its text, variables put in. */
struct err *take_text(struct play *p, struct arena *a, str *rest, str *ret_text) MUST_CHECK;
/* A JSON token as a value or a pattern. */
struct err *take_json(struct play *p, enum expand how, str *rest, const struct json **ret) MUST_CHECK;
/* "-> $x": the name behind the dollar. */
struct err *take_name(struct arena *a, str *rest, str *ret_name) MUST_CHECK;
/* Nothing more may stand on the line. */
struct err *take_end(struct arena *a, str rest) MUST_CHECK;

/* Every connection is read until until(arg) or the deadline; returns what until() said last. */
struct err *play_until(struct play *p, struct arena *a, bool (*until)(void *arg), void *arg,
		       bool *ret_done) MUST_CHECK;
/* Everything the broker does because of lines so far has arrived when this returns. */
struct err *play_fence(struct play *p, struct arena *a) MUST_CHECK;

#endif
