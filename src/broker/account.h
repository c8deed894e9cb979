/*
 * account.h - the session token of a call, looked at before it becomes an event, and the switched-on
 * shim for programs that name a user instead (BROKER_LEGACY_AUTH, S14). Loop thread only.
 */
#ifndef BROKER_ACCOUNT_H
#define BROKER_ACCOUNT_H

#include "broker/http_answer.h"
#include "engine/op.h"

/* What a call brings along of who is signed in. */
struct account_call {
	struct session_proof session;
	bool legacy;          /* no token, but its body may name a user */
	str body;             /* the request's, or what stands for it */
};

/* Refuses what the row needs and is not there. Nothing to do for rows without OP_ACCOUNT. */
struct err *account_call_take(struct http *h, struct server_request *rq, const struct op *op,
			      struct account_call *ret_call) MUST_CHECK;
/* The headers of an answer to a call that was let through by the shim; how many. */
enum { ACCOUNT_HEADERS_MAX = 2 };
size_t account_headers(const struct http_note *note, int status, struct http_header *ret_headers);

#endif
