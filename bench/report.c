#include "bench/report.h"

#include <inttypes.h>

enum { REPORT_MAX = 1 << 16, FIGURES_MAX = 64 };

struct figure {
	const char *key, *unit;
	i64 value;
};
struct figures {
	struct figure items[FIGURES_MAX];
	size_t n;
};

static void add(struct figures *f, const char *key, const char *unit, u64 value)
{
	if (f->n < FIGURES_MAX)
		f->items[f->n++] = (struct figure){ key, unit, (i64)value };
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
	bool offline = r->flags->pattern == PATTERN_OFFLINE;

	add_span(f, "flow", &r->flow);
	add(f, "messages_rate", "/s", per_second(l->acked, &r->flow));
	if (offline) {
		add_span(f, "drain", &r->drain);
		add(f, "drain_rate", "/s", per_second(l->delivered, &r->drain));
	} else {
		add(f, "deliveries_rate", "/s", per_second(l->delivered, &r->flow));
	}
	add(f, "ack_p50", "us", hist_at(&l->ack, 500));
	add(f, "ack_p99", "us", hist_at(&l->ack, 990));
	add(f, "ack_max", "us", l->ack.max);
	if (offline)
		return;
	add(f, "delivery_p50", "us", hist_at(&l->delivery, 500));
	add(f, "delivery_p99", "us", hist_at(&l->delivery, 990));
	add(f, "delivery_max", "us", l->delivery.max);
}

static void add_connections(struct figures *f, const struct run *r)
{
	add(f, "hellos", "", r->hellos);
	add_span(f, "connect", &r->connect);
	if (r->flags->pattern == PATTERN_HELLO)
		add(f, "hello_rate", "/s", per_second(r->hellos, &r->connect));
	add(f, "hello_p50", "us", hist_at(&r->hello, 500));
	add(f, "hello_p99", "us", hist_at(&r->hello, 990));
	add(f, "hello_max", "us", r->hello.max);
	add(f, "connections_lost", "", r->losses);
}

static void add_broker(struct figures *f, const struct run *r, i64 cpu_us)
{
	const struct broker *b = r->broker;

	if (b) {
		add(f, "kills", "", b->kills);
		add(f, "recovery_max", "ms", (u64)r->recovery_us / 1000);
		add(f, "broker_rest_memory", "KiB", (u64)b->rest_bytes / 1024);
		add(f, "broker_peak_memory", "KiB", (u64)b->peak_bytes / 1024);
		add(f, "broker_cpu", "ms", (u64)b->cpu_us / 1000);
	}
	add(f, "bench_cpu", "ms", (u64)cpu_us / 1000);
}

bool report_is_ok(const struct run *r, const struct err *e)
{
	return !e && !ledger_failures(&r->ledger) && !r->ledger.refused;
}

static void write_json(struct buf *b, const struct run *r, const struct figures *f,
		       const struct err *e)
{
	struct json_out o = json_out(b);

	json_obj(&o);
	json_put_bool(&o, "ok", report_is_ok(r, e));
	json_put_str(&o, "pattern", str_from(pattern_words[r->flags->pattern]));
	json_put_int(&o, "clients", r->n);
	json_put_int(&o, "window", r->flags->window);
	json_put_int(&o, "bytes", r->flags->bytes);
	json_put_bool(&o, "session", r->flags->session);
	for (size_t i = 0; i < f->n; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s%s%s", f->items[i].key, *f->items[i].unit ? "_" : "",
			 f->items[i].unit[0] == '/' ? "per_s" : f->items[i].unit);
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
	buf_printf(b, "%s: %u clients, window %" PRId64 ", %" PRId64 " bytes, %s\n",
		   pattern_words[r->flags->pattern], r->n, r->flags->window, r->flags->bytes,
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
	else if (r->flags->pattern == PATTERN_HELLO)
		buf_add(b, S("ok: every hello was answered\n"));
	else
		buf_add(b, S("ok: every acked message arrived exactly once, and nothing else\n"));
}

str report(struct arena *a, const struct run *r, const struct err *e, i64 cpu_us)
{
	CLEANUP(buf_done) struct buf b = buf_make(REPORT_MAX);
	struct figures f = { .n = 0 };

	if (r->flags->pattern != PATTERN_HELLO) {
		add_checks(&f, r);
		add_flow(&f, r);
	}
	add_connections(&f, r);
	add_broker(&f, r, cpu_us);
	if (r->flags->json)
		write_json(&b, r, &f, e);
	else
		write_table(&b, r, &f, e);
	return arena_dup(a, buf_str(&b));
}
