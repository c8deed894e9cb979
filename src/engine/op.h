/*
 * op.h - one row for every message type and every HTTP call: name, fields, handler,
 * sentence. The row stands beside its handler in msg/; op.c lists the tables. Dispatch,
 * the access check, decoding, `claudemesh-broker protocol` and the tests read it from there.
 */
#ifndef ENGINE_OP_H
#define ENGINE_OP_H

#include "base/err.h"
#include "engine/event.h"
#include "json/fields.h"

struct req;

enum op_flag {
	OP_HELLO = 1,         /* the first message of a connection */
	OP_FRAME = 2,         /* a WebSocket message after the hello */
	OP_CALL = 4,          /* an HTTP call */
	OP_ACKS = 8,          /* refusals are acks (send), not error messages */
	OP_OK_FALSE = 16,     /* HTTP errors read {"ok":false,"error":...}; else {"error":...} */
	OP_PLACE = 32,        /* HTTP: only beside a connection, see event.about */
	OP_REST = 64,         /* by method and path, see rest.h */
	OP_OWN_PAGE = 128,    /* an HTTP call that no page of another origin may make */
	OP_ACCOUNT = 256,     /* an HTTP call of somebody who is signed in: rq->account */
	OP_MAY_ACCOUNT = 512, /* an HTTP call that may carry a session token; then likewise */
	OP_BROWSER = 1024,    /* with OP_ACCOUNT: signed in in the browser, with no token of a program */
	OP_ADMIN = 2048,      /* no HTTP call of others: over the socket in the data directory only */
};

struct rest;

struct op {
	const char *name;     /* "type" on the wire; name of the call */
	unsigned flags;
	const struct json_field *fields;
	size_t args_size;
	/* On the pool: checks the signatures of the request. NULL: there are none. */
	struct err *(*prove)(struct arena *a, const void *args, i64 now_ms, struct proof *ret_proof);
	/* On the engine's thread. Replies through req.h. */
	struct err *(*run)(struct req *rq, const void *args);
	const char *reply;    /* wire names of what it may answer, space-separated; "" for none */
	const struct json_field *reply_fields;
	const char *doc;      /* one sentence */
	const struct rest *rest; /* OP_REST */
	unsigned perm;        /* enum permission: who asks needs it, see permission.h; 0: nothing */
};

#define OP_FOR(perm_, wire, flags_, id, prove_, run_, reply_, reply_fields_, doc_) \
	{ wire, flags_, id##_fields, sizeof(struct id##_args), prove_, run_, reply_, reply_fields_, doc_, NULL, perm_ }
#define OP(wire, flags_, id, prove_, run_, reply_, reply_fields_, doc_) \
	OP_FOR(0, wire, flags_, id, prove_, run_, reply_, reply_fields_, doc_)

const struct op *op_find(str name, unsigned flag); /* NULL if there is none */
/* The rows of the i-th table, one behind the other, NULL name ends; NULL behind the last table. */
const struct op *op_table(size_t i);
/* The i-th row of all tables, NULL at the end. */
const struct op *op_at(size_t i);

#endif
