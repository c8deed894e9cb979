/*
 * req.h - one event while it is carried out: who asks, where, and how to answer.
 *
 * A handler returns an error or answers by itself, or both does nothing (most verbs of the
 * reference have no reply). Everything in `arena` dies with the batch.
 */
#ifndef ENGINE_REQ_H
#define ENGINE_REQ_H

#include "engine/op.h"
#include "engine/state.h"
#include "store/account.h"

struct req {
	struct engine *engine;
	struct arena *arena;
	const struct event *event;
	const struct op *op;
	struct presence *from;                /* OP_FRAME: who sent it */
	const struct json *frame;             /* the parsed object */
	const struct caller *caller;          /* OP_REST: who asks, see bearer.h; NULL: anybody */
	const struct account_row *account;    /* OP_ACCOUNT: who asks, see account.h; NULL: anybody */
	const struct account_session_row *session; /* and with what; NULL: by BROKER_LEGACY_AUTH */
	i64 retry_after_s;                    /* OP_CALL, OP_REST: of a refusal; 0: whoever answers knows */
};

/* {"type":...,fields} to the connection of the event. */
void req_send(struct req *rq, const char *type, const struct json_field *fields, const void *args);
/* The same for what may be long: what a member gets of lists in a minute is bounded. RATE_LIMIT, before
 * anything is looked for; then the answer is charged by its size. */
struct err *req_may_list(struct req *rq) MUST_CHECK;
void req_send_list(struct req *rq, const char *type, const struct json_field *fields, const void *args);
/* For verbs that answer nothing unless asked: an ack with the _reqId, if it has one. */
void req_done(struct req *rq);
/* The answer of an HTTP call. */
void req_answer(struct req *rq, int status, const struct json_field *fields, const void *args);
/* The call is about a mesh of another shard, which carries it out from the start and answers.
 * Only the house may, and nothing may have been answered or changed. */
struct err *req_forward(struct req *rq, str mesh_id) MUST_CHECK;
/* Any failure of the event, in the form its row prescribes. */
void req_fail(struct req *rq, const struct err *e);
/* The refused ack of a send. Those of one member have a budget, as its accepted sends do:
 * who has spent it hears rate_limit, whatever the reason was. */
void req_refuse_send(struct req *rq, str code, str text);
void req_refuse_rate(struct req *rq);

/* Runs one event. */
void req_run(struct engine *e, const struct event *ev);
/* Answers one event whose batch could not be stored. */
void req_not_stored(struct engine *e, const struct event *ev);

/* A block with one JSON message. */
struct block *message_block(const char *type, const struct json_field *fields, const void *args);

#endif
