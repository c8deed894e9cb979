#include "bench/report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "json/json.h"

enum { REPORT_MAX = 1 << 17 };

void report_join(struct report_of *ret_one, const char *who, const struct trial *rounds, i64 n)
{
	struct figures *all = calloc((size_t)n, sizeof(*all));
	struct report_of one = { .who = who, .rounds = n, .ok = all != NULL };
	size_t n_all = 0;

	for (i64 i = 0; all && i < n; i++) {
		const struct trial *t = &rounds[i];

		if (t->happened)
			all[n_all++] = t->figures;
		if (one.ok && !t->ok) {
			one.ok = false;
			one.error = t->error;
			one.problem = t->problem;
		}
	}
	if (n_all)
		figures_join(&one.figures, all, n_all);
	free(all);
	*ret_one = one;
}

/* Ours in percent of the yardstick's, where that says something. */
static bool ratio(const struct report_of *yardstick, const struct figure *f, i64 *ret_percent)
{
	static const char *const units[] = { "/s", "us", "ns" };
	const struct figure *other = yardstick ? figures_get(&yardstick->figures, f->key) : NULL;

	for (size_t i = 0; other && i < ARRAY_LEN(units); i++) {
		if (strcmp(units[i], f->unit) != 0 || other->value <= 0)
			continue;
		*ret_percent = f->value * 100 / other->value;
		return true;
	}
	return false;
}

static void put_figures(struct arena *a, struct json_out *o, const char *prefix,
			const struct report_of *one)
{
	for (size_t i = 0; i < one->figures.n; i++) {
		const struct figure *f = &one->figures.items[i];
		const char *key = arena_cstr(a, figures_json_key(a, prefix, f));

		json_put_int(o, key, f->value);
		if (one->rounds == 1 || !*f->unit)
			continue;
		json_put_int(o, arena_cstr(a, arena_printf(a, "%s_least", key)), f->least);
		json_put_int(o, arena_cstr(a, arena_printf(a, "%s_most", key)), f->most);
	}
}

static void write_json(struct arena *a, struct buf *b, const struct bench_flags *flags,
		       const struct report_of *one, const struct report_of *yardstick)
{
	struct json_out o = json_out(b);
	i64 percent;

	json_obj(&o);
	json_put_bool(&o, "ok", one->ok && (!yardstick || yardstick->ok));
	json_put_str(&o, "against", str_from(one->who));
	json_put_str(&o, "pattern", str_from(pattern_words[flags->pattern]));
	json_put_int(&o, "clients", flags->clients);
	json_put_int(&o, "meshes", flags->meshes);
	json_put_int(&o, "senders", flags->senders);
	json_put_int(&o, "window", flags->window);
	json_put_int(&o, "bytes", flags->bytes);
	json_put_bool(&o, "session", flags->session);
	json_put_int(&o, "rounds", one->rounds);
	put_figures(a, &o, "", one);
	for (size_t i = 0; i < one->figures.n; i++)
		if (ratio(yardstick, &one->figures.items[i], &percent))
			json_put_int(&o,
				     arena_cstr(a, arena_printf(a, "ratio_%s_percent",
								one->figures.items[i].key)),
				     percent);
	if (yardstick)
		put_figures(a, &o, "yardstick_", yardstick);
	json_put_opt(&o, "error", one->error);
	json_put_opt(&o, "problem", one->problem);
	json_obj_end(&o);
	buf_add_byte(b, '\n');
}

static void write_line(struct buf *b, const struct report_of *one, const struct report_of *yardstick,
		       const struct figure *f)
{
	const struct figure *other = yardstick ? figures_get(&yardstick->figures, f->key) : NULL;
	i64 percent;

	buf_printf(b, "  %-22s %12" PRId64 " %-5s", f->key, f->value, f->unit);
	if (one->rounds > 1 && *f->unit)
		buf_printf(b, " %12" PRId64 " to %-12" PRId64, f->least, f->most);
	if (other)
		buf_printf(b, " yardstick %12" PRId64, other->value);
	if (ratio(yardstick, f, &percent))
		buf_printf(b, " ratio %" PRId64 ".%02" PRId64, percent / 100, percent % 100);
	while (b->len && b->ptr[b->len - 1] == ' ')
		b->len--;
	buf_add_byte(b, '\n');
}

static void write_problems(struct buf *b, const struct report_of *one)
{
	if (!str_empty(one->problem))
		buf_printf(b, "%s, first problem: %.*s\n", one->who, STRF(one->problem));
	if (!str_empty(one->error))
		buf_printf(b, "%s, error: %.*s\n", one->who, STRF(one->error));
}

static void write_table(struct buf *b, const struct bench_flags *flags, const struct report_of *one,
			const struct report_of *yardstick)
{
	bool sends = flags->pattern != PATTERN_CONNECT && flags->pattern != PATTERN_IDLE;

	buf_printf(b,
		   "%s against the %s: %" PRId64 " clients, meshes %" PRId64 ", window %" PRId64
		   ", %" PRId64 " bytes, %s\n",
		   pattern_words[flags->pattern], one->who, flags->clients, flags->meshes,
		   flags->window, flags->bytes, flags->session ? "session_hello" : "hello");
	if (one->rounds > 1)
		buf_printf(b, "median of %" PRId64 ", least to greatest; of counts the greatest\n",
			   one->rounds);
	for (size_t i = 0; i < one->figures.n; i++)
		write_line(b, one, yardstick, &one->figures.items[i]);
	write_problems(b, one);
	if (yardstick)
		write_problems(b, yardstick);
	if (!one->ok || (yardstick && !yardstick->ok))
		buf_add(b, S("FAILED\n"));
	else if (!sends)
		buf_add(b, S("ok: every hello was answered\n"));
	else
		buf_add(b, S("ok: every acked message arrived exactly once, and nothing else\n"));
}

str report(struct arena *a, const struct bench_flags *flags, const struct report_of *one,
	   const struct report_of *yardstick)
{
	CLEANUP(buf_done) struct buf b = buf_make(REPORT_MAX);

	if (flags->json)
		write_json(a, &b, flags, one, yardstick);
	else
		write_table(&b, flags, one, yardstick);
	return arena_dup(a, buf_str(&b));
}
