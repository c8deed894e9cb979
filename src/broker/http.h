/*
 * http.h - the HTTP half of the broker: finds the route, proves and hands on what the
 * engine answers, answers the rest here.
 *
 * Every answer is JSON with CORS headers and an X-Request-Id, but the page of a link. A call
 * waits for the engine under its request's id; when the request is gone, the effect finds
 * nobody. Loop thread only.
 */
#ifndef BROKER_HTTP_H
#define BROKER_HTTP_H

#include "base/clock.h"
#include "base/random.h"
#include "broker/challenge.h"
#include "broker/hub.h"
#include "broker/metrics.h"
#include "broker/places.h"
#include "broker/policy.h"
#include "broker/pool.h"
#include "broker/sse.h"
#include "engine/engine.h"

struct http;

/* All of it outlives the struct http. */
struct http_env {
	const struct clock *clock;
	const struct random *random;
	const struct policy *policy;
	struct hub *hub;
	struct pool *pool;
	struct challenges *challenges;
	struct places *places;
	struct sse *sse;
	const struct install *install; /* NULL: there is nothing to install */
	size_t post_bytes_max;        /* body of a REST post */
	struct engine_stats (*stats)(void *arg);
	/* Fills in what others count: engines, server, gate. May be NULL. */
	void (*figures)(void *arg, struct figures *f);
	void *stats_arg;
	str metrics_token;            /* who shows it may read /metrics from anywhere; empty: nobody */
	str login_secret;             /* of session tokens, see engine/account.h */
	bool legacy_auth;             /* BROKER_LEGACY_AUTH */
	str migration_missing;        /* that /health/ready waits for; empty: none */
};

struct http *http_new(const struct http_env *env);
void http_free(struct http *h);               /* NULL is fine */
/* Before the first request. base: how others reach the broker, "http://127.0.0.1:7900"; it
 * outlives the struct http. */
void http_set_server(struct http *h, struct server *sv, str base);

/* Of struct server_app. */
void http_on_head(struct http *h, struct server_request *rq);
void http_on_request(struct http *h, struct server_request *rq);
/* EFFECT_REPLY, EFFECT_FORWARD, EFFECT_STREAM. */
void http_apply(struct http *h, const struct effect *ef);

/* Answers: with a JSON body, or with {"error":word,"detail":text}. */
void http_answer(struct http *h, struct server_request *rq, int status, str body);
void http_fail(struct http *h, struct server_request *rq, bool ok_false, const struct err *e);

/* Handlers of routes. */
void http_health(struct http *h, struct server_request *rq, str param);
void http_ready(struct http *h, struct server_request *rq, str param);
void http_metrics(struct http *h, struct server_request *rq, str param);
void http_stats(struct http *h, struct server_request *rq, str param);
void http_upgrade(struct http *h, struct server_request *rq, str param);
void http_install(struct http *h, struct server_request *rq, str param);
void http_download(struct http *h, struct server_request *rq, str name);
void http_invite_asset(struct http *h, struct server_request *rq, str name);
/* Of a route with an op: turns what the engine answered (JSON) into a page. */
void http_invite(struct http *h, struct server_request *rq, str reply);

#endif
