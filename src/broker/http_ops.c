/*
 * http_ops.c - what tells an operator how the broker is: /health, /health/ready, /metrics, and the
 * figures that anybody may see. None of it waits for an engine.
 */
#include "base/log.h"
#include "broker/git_sha.h"
#include "broker/http_answer.h"
#include "crypto/secret.h"
#include "json/json.h"

enum { PAGE_BYTES_MAX = 4096 };

static i64 uptime_us(const struct http *h)
{
	return h->env.clock->mono_us(h->env.clock->arg) - h->started_ms * 1000;
}

static void put_version(struct http *h, struct json_out *o)
{
	json_put_str(o, "version", S(CLAUDEMESH_VERSION));
	json_put_str(o, "gitSha", S(CLAUDEMESH_GIT_SHA));
	json_put_int(o, "uptime", uptime_us(h) / 1000000);
}

void http_health(struct http *h, struct server_request *rq, str param UNUSED)
{
	struct buf b = buf_make(PAGE_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "status", S("ok"));
	json_put_str(&o, "db", h->env.stats(h->env.stats_arg).db_down ? S("down") : S("up"));
	put_version(h, &o);
	json_obj_end(&o);
	http_answer(h, rq, 200, buf_str(&b));
	buf_done(&b);
}

/* B3: whoever waits for a migration is told of one that is really there. */
void http_ready(struct http *h, struct server_request *rq, str param UNUSED)
{
	bool down = h->env.stats(h->env.stats_arg).db_down;
	str missing = h->env.migration_missing;
	struct buf b = buf_make(PAGE_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_str(&o, "status", down || missing.len ? S("not_ready") : S("ready"));
	if (down)
		json_put_str(&o, "reason", S("db_down"));
	else if (missing.len)
		json_put_str(&o, "reason", S("migration_missing"));
	if (!down && missing.len)
		json_put_str(&o, "expected", missing);
	if (!down && !missing.len)
		put_version(h, &o);
	json_obj_end(&o);
	http_answer(h, rq, down || missing.len ? 503 : 200, buf_str(&b));
	buf_done(&b);
}

static bool may_scrape(const struct http *h, const struct server_request *rq)
{
	str given = http_header_get(rq->head, S("authorization"));

	if (policy_is_here(rq))
		return true;
	return h->env.metrics_token.len && str_starts(given, S("Bearer ")) &&
	       secret_eq(str_skip(given, sizeof("Bearer ") - 1), h->env.metrics_token);
}

static void http_figures(struct http *h, struct figures *f)
{
	if (h->env.figures)
		h->env.figures(h->env.stats_arg, f);
	f->hooks = h->hooks;
	f->hooks_limited = h->hooks_limited;
	f->requests = h->requests;
	f->db_healthy = f->engine.db_down ? 0 : 1;
	f->uptime_s = (double)uptime_us(h) / 1e6;
	f->started_s = (double)clock_ms(h->env.clock) / 1e3 - f->uptime_s;
	metrics_process(f);
}

/* D13: not for everybody; addresses and routes of a mesh are nobody's business. */
void http_metrics(struct http *h, struct server_request *rq, str param UNUSED)
{
	struct route_count *routes = NEW_ARRAY(rq->arena, struct route_count, HASH_COUNT(h->tallies) + 1);
	struct figures *f = NEW(rq->arena, struct figures);
	struct buf b = buf_make(METRICS_BYTES_MAX);
	struct route_tally *t, *next;
	size_t n = 0;

	if (!may_scrape(h, rq)) {
		http_fail(h, rq, false,
			  FAIL(rq->arena, FORBIDDEN, "metrics are for programs on the broker's machine, or with "
			       "the token of --metrics-token-file"));
		return;
	}
	HASH_ITER(hh, h->tallies, t, next)
		routes[n++] = t->count;
	http_figures(h, f);
	metrics_write(&b, f, routes, n);
	http_answer_as(h, rq, 200, S("text/plain; version=0.0.4; charset=utf-8"), NULL, 0, buf_str(&b));
	buf_done(&b);
}

void http_stats(struct http *h, struct server_request *rq, str param UNUSED)
{
	struct engine_stats stats = h->env.stats(h->env.stats_arg);
	struct buf b = buf_make(PAGE_BYTES_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	json_put_int(&o, "messagesRouted", stats.accepted);
	json_put_int(&o, "meshesCreated", stats.meshes);
	json_put_int(&o, "peersActive", stats.online);
	json_put_str(&o, "lastUpdated", time_iso(rq->arena, clock_ms(h->env.clock)));
	json_obj_end(&o);
	http_answer(h, rq, 200, buf_str(&b));
	buf_done(&b);
}
