/*
 * http_answer.h - the struct behind http.h, and answers in the forms that its files share.
 * Not for others.
 */
#ifndef BROKER_HTTP_ANSWER_H
#define BROKER_HTTP_ANSWER_H

#include <uthash.h>

#include "base/buf.h"
#include "broker/http.h"

/* Answers of one route. */
struct route_tally {
	UT_hash_handle hh;            /* http->tallies, by the address of the pattern */
	const char *route;
	struct route_count count;
};

struct http {
	struct http_env env;
	struct server *server;
	str base;
	i64 started_ms;
	struct buf openapi;           /* written when it is asked for first */
	struct route_tally *tallies;
	struct histogram requests;
	i64 hooks, hooks_limited;
};

/* What a request carries along in `user`. */
struct http_note {
	str id;                       /* X-Request-Id */
	const char *route;            /* its pattern: a path may hold an invite's code */
	bool problems;                /* refusals are of the REST API's form */
	const struct op *op;          /* of the REST API; else NULL */
	str param;                    /* of its path */
	void (*page)(struct http *h, struct server_request *rq, str reply); /* writes the answer; NULL: it is JSON */
	str cache;                    /* Cache-Control, unless no-store */
	i64 retry_after_s;            /* 0: a few seconds */
	i64 at_us;                    /* when it was there (mono) */
	bool legacy;                  /* it names its user, see account.h */
};

/* The request's note, new. */
struct http_note *http_note_take(struct http *h, struct server_request *rq);

/* Logs and counts an answer; those that do not go by the functions below say so themselves. */
void http_answered(struct http *h, const struct server_request *rq, int status);

/* What is logged of a call bears its X-Request-Id. */
void http_request_id(const struct server_request *rq, struct event *ev);

/* What lets other pages read an answer; ends with an empty name. */
extern const struct http_header http_cors[];

/* 405 and 415, which have headers and codes of their own. */
void http_answer_allow(struct http *h, struct server_request *rq, str allow);
void http_answer_type(struct http *h, struct server_request *rq, bool ok_false);
/* Any content type, and further headers. */
void http_answer_as(struct http *h, struct server_request *rq, int status, str type,
		    const struct http_header *headers, size_t n_headers, str body);
/* Without the headers that let other pages read it: for our own page. */
void http_answer_file(struct http *h, struct server_request *rq, int status, str type,
		      const struct http_header *headers, size_t n_headers, str body);

#endif
