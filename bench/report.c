#include "bench/report.h"

#include <inttypes.h>

enum { REPORT_MAX = 1 << 16, FIGURES_MAX = 64 };

struct figure {
	char key[32];
	const char *unit;
	i64 value;
};
struct figures {
	struct figure items[FIGURES_MAX];
	size_t n;
};

static struct figure *add(struct figures *f, const char *key, const char *unit, u64 value)
{
	struct figure *to = &f->items[MIN(f->n, (size_t)FIGURES_MAX - 1)];

	f->n = (size_t)(to - f->items) + 1;
	*to = (struct figure){ .unit = unit, .value = (i64)value };
	snprintf(to->key, sizeof(to->key), "%s", key);
	return to;
}

static u64 per_second(u64 n, const struct span *s)
{
	i64 us = s->end_us - s->start_us;

	return us > 0 ? n * 1000000 / (u64)us : 0;
}

static void add_span(struct figures *f, const char *key, const struct span *s)
{
	add(f, key, "ms", s->end_us > s->start_us ? (u64)(s->end_us - s->start_us) / 1000 : 0);
}

static void add_hist(struct figures *f, const char *what, const struct hist *h)
{
	static const struct { const char *name; unsigned permille; } points[] = {
		{ "p50", 500 }, { "p99", 990 }, { "max", 1000 }
	};

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct figure *to = add(f, "", "us", hist_at(h, points[i].permille));

		snprintf(to->key, sizeof(to->key), "%s_%s", what, points[i].name);
	}
}

static void add_checks(struct figures *f, const struct run *r)
{
	const struct ledger *l = &r->ledger;

	add(f, "sent", "", l->sent);
	add(f, "resent", "", l->resent);
	add(f, "acked", "", l->acked);
	add(f, "refused", "", l->refused);
	add(f, "delivered", "", l->delivered);
	add(f, "lost", "", ledger_lost(l));
	add(f, "unacked_delivered", "", ledger_unacked(l));
	add(f, "doubled", "", l->doubled);
	add(f, "unexpected", "", l->unexpected);
	add(f, "raw_repeats", "", l->repeats);
	add(f, "accepted_twice", "", l->accepted_twice);
	add(f, "reordered", "", l->reordered);
}

static void add_flow(struct figures *f, const struct run *r)
{
	const struct ledger *l = &r->ledger;
	u64 acked = l->acked - r->acked_before;

	if (r->flags->queued) {
		add_span(f, "queuing", &r->queuing);
		add(f, "queuing_rate", "/s", per_second((u64)r->flags->queued, &r->queuing));
	}
	add_span(f, "flow", &r->flow);
	add(f, "messages_rate", "/s", per_second(acked, &r->flow));
	if (run_drains(r)) {
		add_span(f, "drain", &r->drain);
		add(f, "drain_rate", "/s", per_second(l->delivered, &r->drain));
	} else {
		add(f, "deliveries_rate", "/s",
		    per_second(l->delivered - r->delivered_before, &r->flow));
	}
	add_hist(f, "ack", &l->ack);
	if (run_drains(r))
		return;
	add_hist(f, "delivery", &l->delivery);
	if (r->flags->pattern == PATTERN_FANOUT)
		add_hist(f, "last_delivery", &l->last);
}

static void add_connections(struct figures *f, const struct run *r)
{
	add(f, "hellos", "", r->hellos);
	add_span(f, "connect", &r->connect);
	if (!run_sends(r))
		add(f, "hello_rate", "/s", per_second(r->hellos, &r->connect));
	add_hist(f, "hello", &r->hello);
	add(f, "connections_lost", "", r->losses);
}

/* What the measured stretch cost; meaningless when the process changed in it. */
static void add_usage(struct figures *f, const struct run *r)
{
	u64 server = (u64)(r->after.server_us - r->before.server_us);
	u64 own = (u64)(r->after.own_us - r->before.own_us);
	u64 machine = (u64)(r->after.machine_us - r->before.machine_us);
	u64 time = (u64)(r->after.at_us - r->before.at_us);
	u64 n = !run_sends(r) ? r->hellos :
		run_drains(r) ? r->ledger.delivered : r->ledger.acked - r->acked_before;

	if (!r->after.at_us || !time || !n)
		return;
	add(f, "machine_busy", "%", machine * 100 / time);
	add(f, "bench_busy", "%", own * 100 / time);
	if (!r->after.resident_bytes)
		return;
	add(f, "server_busy", "%", server * 100 / time);
	if (r->flags->pattern == PATTERN_IDLE) {
		add(f, "server_at_rest", "us/s", server * 1000000 / time);
	} else {
		add(f, "server_cpu_each", "ns", server * 1000 / n);
		add(f, "bench_cpu_each", "ns", own * 1000 / n);
	}
	add(f, "server_memory", "KiB", (u64)r->after.resident_bytes / 1024);
}

static u64 each(i64 bytes, u32 n)
{
	return bytes > 0 ? (u64)bytes / n : 0;
}

static void add_broker(struct figures *f, const struct run *r, i64 cpu_us)
{
	const struct broker *b = r->broker;

	if (b) {
		if (r->flags->kills || r->flags->kill_every) {
			add(f, "kills", "", b->kills);
			add(f, "recovery_max", "ms", (u64)r->recovery_us / 1000);
		}
		add(f, "broker_rest_memory", "KiB", (u64)b->rest_bytes / 1024);
		if (r->flags->pattern == PATTERN_IDLE) {
			add(f, "members_memory", "KiB", (u64)r->members_bytes / 1024);
			add(f, "memory_each", "bytes",
			    each(r->after.resident_bytes - b->rest_bytes, r->n));
		}
		add(f, "broker_peak_memory", "KiB", (u64)b->peak_bytes / 1024);
		add(f, "broker_cpu", "ms", (u64)b->cpu_us / 1000);
	}
	add(f, "bench_cpu", "ms", (u64)cpu_us / 1000);
}

bool report_is_ok(const struct run *r, const struct err *e)
{
	return !e && !ledger_failures(&r->ledger) && !r->ledger.refused;
}

/* The unit as the end of a key. */
static const char *unit_tail(const char *unit)
{
	static const struct { const char *unit, *tail; } tails[] = {
		{ "", "" },	    { "/s", "_per_s" },	       { "%", "_percent" },
		{ "us", "_us" },    { "us/s", "_us_per_s" },   { "ns", "_ns" },
		{ "ms", "_ms" },    { "KiB", "_kib" },	       { "bytes", "_bytes" },
	};

	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (strcmp(tails[i].unit, unit) == 0)
			return tails[i].tail;
	return "";
}

static void write_json(struct buf *b, const struct run *r, const struct figures *f,
		       const struct err *e)
{
	struct json_out o = json_out(b);

	json_obj(&o);
	json_put_bool(&o, "ok", report_is_ok(r, e));
	json_put_str(&o, "pattern", str_from(pattern_words[r->flags->pattern]));
	json_put_int(&o, "clients", r->n);
	json_put_int(&o, "meshes", r->flags->meshes);
	json_put_int(&o, "senders", r->flags->senders);
	json_put_int(&o, "window", r->flags->window);
	json_put_int(&o, "bytes", r->flags->bytes);
	json_put_bool(&o, "session", r->flags->session);
	for (size_t i = 0; i < f->n; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s%s", f->items[i].key, unit_tail(f->items[i].unit));
		json_put_int(&o, key, f->items[i].value);
	}
	json_put_opt(&o, "error", e ? e->text : STR_NONE);
	json_put_opt(&o, "problem", str_empty(r->ledger.problem) ? STR_NONE : r->ledger.problem);
	json_obj_end(&o);
	buf_add_byte(b, '\n');
}

static void write_table(struct buf *b, const struct run *r, const struct figures *f,
			const struct err *e)
{
	buf_printf(b, "%s: %u clients in %u mesh%s, window %" PRId64 ", %" PRId64 " bytes, %s\n",
		   pattern_words[r->flags->pattern], r->n, r->crew->n_meshes,
		   r->crew->n_meshes == 1 ? "" : "es", r->flags->window, r->flags->bytes,
		   r->flags->session ? "session_hello" : "hello");
	for (size_t i = 0; i < f->n; i++)
		buf_printf(b, "  %-22s %12" PRId64 " %s\n", f->items[i].key, f->items[i].value,
			   f->items[i].unit);
	if (!str_empty(r->ledger.problem))
		buf_printf(b, "first problem: %.*s\n", STRF(r->ledger.problem));
	if (e)
		buf_printf(b, "error: %.*s\n", STRF(e->text));
	if (!report_is_ok(r, e))
		buf_add(b, S("FAILED\n"));
	else if (!run_sends(r))
		buf_add(b, S("ok: every hello was answered\n"));
	else
		buf_add(b, S("ok: every acked message arrived exactly once, and nothing else\n"));
}

str report(struct arena *a, const struct run *r, const struct err *e, i64 cpu_us)
{
	CLEANUP(buf_done) struct buf b = buf_make(REPORT_MAX);
	struct figures f = { .n = 0 };

	if (run_sends(r)) {
		add_checks(&f, r);
		add_flow(&f, r);
	}
	add_connections(&f, r);
	add_usage(&f, r);
	add_broker(&f, r, cpu_us);
	if (r->flags->json)
		write_json(&b, r, &f, e);
	else
		write_table(&b, r, &f, e);
	return arena_dup(a, buf_str(&b));
}
