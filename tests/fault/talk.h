/*
 * talk.h - one conversation of three peers with a real broker, one call of which fails, and what
 * must be true all the same: everything that was acked comes to whom it was for, under one id,
 * and when all is settled the database holds no body, no delivery and one receipt a message.
 *
 * The peers try again what was answered with try_again or cut off, as clients do. An answer
 * that does not come in time is a failure of the broker.
 */
#ifndef FAULT_TALK_H
#define FAULT_TALK_H

#include "conv/cast.h"
#include "conv/broker.h"
#include "conv/wire.h"
#include "fault/plan.h"

enum { TALK_PEERS = 3, TALK_MESSAGES = 16 };

struct talker {
	const char *name;
	enum hello_kind kind;
	struct member *member;
	struct sign_pair session;
	struct wire wire;
	bool greeted;
	bool away;                    /* does not come back by itself */
	bool silent;                  /* does not ack */
	struct frame *read;           /* the last frame that was looked at */
};

struct said {
	str id, message_id;           /* client_message_id; the broker's, once known */
	unsigned due, seen;           /* a bit per talker */
};

struct talk {
	struct arena *arena;
	struct fault_plan *plan;
	str database;                 /* of PostgreSQL; empty: SQLite in the data directory */
	struct vars vars;
	struct cast cast;
	struct broker broker;
	struct talker peers[TALK_PEERS];
	struct said said[TALK_MESSAGES];
	size_t n_said;
	int questions;
};

/* t->arena, plan, broker.program, data_dir and log_path are set; the rest is zero. */
struct err *talk_run(struct arena *a, struct talk *t) MUST_CHECK;

#endif
