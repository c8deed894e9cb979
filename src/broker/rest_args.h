/*
 * rest_args.h - which row of the REST API a request asks for (engine/rest.h), and its fields: what
 * path, query and headers say as a JSON object, and the body as JSON. Pure.
 *
 * What a value must look like is the engine's to say: here a number that is none, or a word that
 * is no bool, stays a text, which the row then refuses by name. Query parameters that the row
 * does not know are ignored; one that it knows may be given once, but for lists, which are
 * given with commas or again and again.
 */
#ifndef BROKER_REST_ARGS_H
#define BROKER_REST_ARGS_H

#include "engine/op.h"
#include "net/http1.h"

enum {
	REST_PARAMS_MAX = 4,      /* segments of a path that vary */
	REST_GIVEN_MAX = 64 << 10,/* bytes of what path, query and headers give */
};

struct rest_match {
	const struct op *op;          /* NULL: see status */
	str params[REST_PARAMS_MAX];  /* of the path, in order, escaped */
	int status;                   /* 404 or 405 */
	str allow;                    /* of the path, unless 404: its methods, for the header */
};

struct rest_match rest_find(struct arena *a, str method, str path);
/* BAD_REQUEST for a broken escape or what is given twice. */
struct err *rest_given(struct arena *a, const struct rest_match *m, const struct http_head *head,
		       str *ret_json) MUST_CHECK;
/* NOT_SUPPORTED with the word unsupported_media_type for another content type. */
struct err *rest_body(struct arena *a, const struct op *op, str content_type, str body,
		      str *ret_json) MUST_CHECK;

#endif
