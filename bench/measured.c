#include "bench/measured.h"

#include <stdio.h>

static u64 per_second(u64 n, const struct span *s)
{
	i64 us = s->end_us - s->start_us;

	return us > 0 ? n * 1000000 / (u64)us : 0;
}

static void add_span(struct figures *f, const char *key, const struct span *s)
{
	figures_add(f, key, "ms", s->end_us > s->start_us ? (u64)(s->end_us - s->start_us) / 1000 : 0);
}

static void add_hist(struct figures *f, const char *what, const struct hist *h)
{
	static const struct { const char *name; unsigned permille; } points[] = {
		{ "p50", 500 }, { "p99", 990 }, { "max", 1000 }
	};

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		char key[FIGURE_KEY_MAX];

		snprintf(key, sizeof(key), "%s_%s", what, points[i].name);
		figures_add(f, key, "us", hist_at(h, points[i].permille));
	}
}

static void add_checks(struct figures *f, const struct run *r)
{
	const struct ledger *l = &r->ledger;

	figures_add(f, "sent", "", l->sent);
	figures_add(f, "resent", "", l->resent);
	figures_add(f, "acked", "", l->acked);
	figures_add(f, "refused", "", l->refused);
	figures_add(f, "delivered", "", l->delivered);
	figures_add(f, "lost", "", ledger_lost(l));
	figures_add(f, "unacked_delivered", "", ledger_unacked(l));
	figures_add(f, "doubled", "", l->doubled);
	figures_add(f, "unexpected", "", l->unexpected);
	figures_add(f, "raw_repeats", "", l->repeats);
	figures_add(f, "accepted_twice", "", l->accepted_twice);
	figures_add(f, "reordered", "", l->reordered);
}

static void add_flow(struct figures *f, const struct run *r)
{
	const struct ledger *l = &r->ledger;
	u64 acked = l->acked - r->acked_before;

	if (r->flags->queued) {
		add_span(f, "queuing", &r->queuing);
		figures_add(f, "queuing_rate", "/s", per_second((u64)r->flags->queued, &r->queuing));
	}
	add_span(f, "flow", &r->flow);
	figures_add(f, "messages_rate", "/s", per_second(acked, &r->flow));
	if (run_drains(r)) {
		add_span(f, "drain", &r->drain);
		figures_add(f, "drain_rate", "/s", per_second(l->delivered, &r->drain));
	} else {
		figures_add(f, "deliveries_rate", "/s",
		    per_second(l->delivered - r->delivered_before, &r->flow));
	}
	add_hist(f, "ack", &l->ack);
	if (run_drains(r))
		return;
	add_hist(f, "delivery", &l->delivery);
	if (pattern_is_wide(r->flags->pattern))
		add_hist(f, "last_delivery", &l->last);
}

static void add_connections(struct figures *f, const struct run *r)
{
	figures_add(f, "hellos", "", r->hellos);
	add_span(f, "connect", &r->connect);
	if (!run_sends(r))
		figures_add(f, "hello_rate", "/s", per_second(r->hellos, &r->connect));
	add_hist(f, "hello", &r->hello);
	figures_add(f, "connections_lost", "", r->losses);
}

/* What the measured stretch cost. */
static void add_usage(struct figures *f, const struct run *r)
{
	u64 server = (u64)(r->after.server_us - r->before.server_us);
	u64 own = (u64)(r->after.own_us - r->before.own_us);
	u64 machine = (u64)(r->after.machine_us - r->before.machine_us);
	u64 time = (u64)(r->after.at_us - r->before.at_us);
	u64 n = !run_sends(r) ? r->hellos :
		run_drains(r) ? r->ledger.delivered : r->ledger.acked - r->acked_before;

	/* After a kill it is another process. */
	if (!r->after.at_us || !time || !n || (r->broker && r->broker->kills))
		return;
	figures_add(f, "machine_busy", "%", machine * 100 / time);
	/* A database server's too; else what disturbed the measurement. */
	figures_add(f, "others_busy", "%",
		    machine > server + own ? (machine - server - own) * 100 / time : 0);
	figures_add(f, "bench_busy", "%", own * 100 / time);
	if (!r->after.resident_bytes)
		return;
	figures_add(f, "server_busy", "%", server * 100 / time);
	if (r->flags->pattern == PATTERN_IDLE) {
		figures_add(f, "server_at_rest", "us/s", server * 1000000 / time);
	} else {
		figures_add(f, "server_cpu_each", "ns", server * 1000 / n);
		figures_add(f, "bench_cpu_each", "ns", own * 1000 / n);
	}
	figures_add(f, "server_memory", "KiB", (u64)r->after.resident_bytes / 1024);
}

static u64 each(i64 bytes, u32 n)
{
	return bytes > 0 ? (u64)bytes / n : 0;
}

static void add_broker(struct figures *f, const struct run *r)
{
	const struct broker *b = r->broker;

	if (b) {
		if (r->flags->kills || r->flags->kill_every) {
			figures_add(f, "kills", "", b->kills);
			figures_add(f, "recovery_max", "ms", (u64)r->recovery_us / 1000);
		}
		figures_add(f, "broker_rest_memory", "KiB", (u64)b->rest_bytes / 1024);
		if (r->flags->pattern == PATTERN_IDLE) {
			figures_add(f, "members_memory", "KiB", (u64)r->members_bytes / 1024);
			figures_add(f, "memory_each", "bytes",
			    each(r->after.resident_bytes - b->rest_bytes, r->n));
		}
		figures_add(f, "broker_peak_memory", "KiB", (u64)b->peak_bytes / 1024);
		figures_add(f, "broker_cpu", "ms", (u64)b->cpu_us / 1000);
	}
}

bool measured_is_clean(const struct run *r)
{
	return !ledger_failures(&r->ledger) && !r->ledger.refused;
}

void measured(const struct run *r, struct figures *ret_figures)
{
	*ret_figures = (struct figures){ .n = 0 };
	if (run_sends(r)) {
		add_checks(ret_figures, r);
		add_flow(ret_figures, r);
	}
	add_connections(ret_figures, r);
	add_usage(ret_figures, r);
	add_broker(ret_figures, r);
}
