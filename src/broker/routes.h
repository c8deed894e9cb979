/*
 * routes.h - what the broker answers over HTTP: one row a method and path.
 *
 * A pattern's `:x` takes one path segment, which is handed on decoded. Query strings do not
 * take part. GET rows answer HEAD too. Pure but for the handlers, which http.c calls.
 */
#ifndef BROKER_ROUTES_H
#define BROKER_ROUTES_H

#include "base/err.h"

struct http;
struct server_request;

struct route {
	const char *method, *pattern;
	const char *op;               /* name of the engine's call, or NULL */
	/* If there is no op; with one it turns what that answered into a page, `param` is then JSON. */
	void (*answer)(struct http *h, struct server_request *rq, str param);
	const char *doc;
};

/* Ends with a NULL method. */
extern const struct route routes[];

struct route_match {
	const struct route *route;    /* NULL: see status */
	str param;                    /* decoded; empty without one */
	int status;                   /* 404, 405, or 400 for a broken escape */
	str allow;                    /* 405: the methods, for the header */
	str nearest;                  /* 404: "GET /health", or empty */
};

struct route_match route_find(struct arena *a, str method, str path);

#endif
