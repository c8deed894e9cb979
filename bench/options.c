#include "bench/options.h"

#include "base/buf.h"
#include "net/url.h"

enum { HELP_MAX = 1 << 14, HELP_COLUMN = 22 };

static struct err *parse(struct arena *a, int argc, char *const argv[], struct bench_flags *flags)
{
	for (int i = 1; i < argc; i++) {
		struct flag_use use = { .spelled = str_from(argv[i]) };
		const struct flag *f;
		str rest;

		if (!str_starts(use.spelled, S("--")))
			return FAIL(a, BAD_REQUEST, "'%s' is no flag; see --help", argv[i]);
		rest = str_skip(use.spelled, 2);
		(void)str_cut(&rest, '=', &use.name);
		f = flag_get(bench_flag_table, use.name);
		if (!f)
			return FAIL(a, BAD_REQUEST, "there is no flag '%.*s'; see --help",
				    STRF(use.spelled));
		use.spelled = arena_printf(a, "--%.*s", STRF(use.name));
		use.has_value = rest.ptr != NULL;
		use.value = rest;
		if (!use.has_value && f->kind != FLAG_BOOL && i + 1 < argc) {
			use.has_value = true;
			use.value = str_from(argv[++i]);
		}
		TRY(flag_set(a, f, &use, flags));
	}
	return NULL;
}

/* What goes only with a broker of ours. */
static struct err *check_spawn(struct arena *a, const struct bench_flags *f)
{
	bool kills = f->kills || f->kill_every;

	if (!str_empty(f->broker) + !str_empty(f->spawn) + f->yardstick != 1)
		return FAIL(a, BAD_REQUEST,
			    "name what to load: one of --broker URL, --spawn PATH and --yardstick");
	if (f->compare && str_empty(f->spawn))
		return FAIL(a, BAD_REQUEST, "--compare goes with --spawn");
	if ((f->compare || f->yardstick) && (kills || f->queued || f->pattern == PATTERN_IDLE))
		return FAIL(a, BAD_REQUEST,
			    "the yardstick survives no kill, keeps no queues and is not weighed at rest");
	if (str_empty(f->spawn) && (!str_empty(f->data) || !str_empty(f->database)))
		return FAIL(a, BAD_REQUEST, "--data and --database go with --spawn");
	if (str_empty(f->spawn) && kills)
		return FAIL(
			a, BAD_REQUEST,
			"--kills and --kill-every go with --spawn: only our own broker is killed");
	if (f->gently && !kills)
		return FAIL(a, BAD_REQUEST, "--gently goes with --kills or --kill-every");
	if (kills && f->pattern != PATTERN_DIRECT && f->pattern != PATTERN_OFFLINE)
		return FAIL(
			a, BAD_REQUEST,
			"--kills and --kill-every go with direct and offline: a multicast goes to who is "
			"connected, so nobody can say who should have it");
	return NULL;
}

static struct err *check(struct arena *a, const struct bench_flags *f)
{
	bool sends = f->pattern != PATTERN_CONNECT && f->pattern != PATTERN_IDLE;
	i64 per_mesh = f->clients / f->meshes;

	TRY(check_spawn(a, f));
	if (f->duration && f->messages)
		return FAIL(a, BAD_REQUEST, "--duration and --messages exclude each other");
	if (f->pattern == PATTERN_IDLE && f->messages)
		return FAIL(a, BAD_REQUEST, "nobody sends in --pattern idle");
	if (!sends && (f->queued || f->warmup || f->senders || f->pause))
		return FAIL(a, BAD_REQUEST,
			    "--queued, --warmup, --senders and --pause go with patterns that send");
	if (f->warmup && f->pattern != PATTERN_DIRECT && !pattern_is_wide(f->pattern))
		return FAIL(a, BAD_REQUEST, "--warmup goes with direct, fanout and topic");
	if (f->queued && (f->kills || f->kill_every))
		return FAIL(a, BAD_REQUEST, "--queued does not go with kills");
	if (f->clients % f->meshes || per_mesh < 2)
		return FAIL(a, BAD_REQUEST,
			    "every mesh has as many --clients as every other, and two at least");
	if (f->pattern == PATTERN_OFFLINE && per_mesh % 2)
		return FAIL(a, BAD_REQUEST,
			    "--pattern offline needs an even number of --clients in each mesh");
	if (f->senders > per_mesh)
		return FAIL(a, BAD_REQUEST, "there are only %d clients in a mesh", (int)per_mesh);
	if (f->rounds && f->rounds % 2 == 0)
		return FAIL(a, BAD_REQUEST, "--rounds is odd: the median is told");
	if ((f->rounds > 1 || f->compare) && !str_empty(f->data))
		return FAIL(a, BAD_REQUEST, "each of several --rounds begins with data of its own");
	return str_empty(f->broker) ? NULL : options_check_loopback(a, f->broker);
}

static i64 or_else(i64 value, i64 otherwise)
{
	return value ? value : otherwise;
}

struct err *options_parse(struct arena *a, int argc, char *const argv[],
			  struct bench_flags *ret_flags)
{
	struct bench_flags f = { 0 };

	TRY(parse(a, argc, argv, &f));
	if (!f.help && !f.version) {
		f.pattern = f.pattern ? f.pattern : PATTERN_DIRECT;
		f.clients = or_else(f.clients, CLIENTS_DEFAULT);
		f.meshes = or_else(f.meshes, 1);
		TRY(check(a, &f));
		if (f.pattern == PATTERN_IDLE)
			f.duration = or_else(f.duration, IDLE_DEFAULT_MS);
		f.senders = or_else(f.senders,
				    pattern_is_wide(f.pattern) ? 1 : f.clients / f.meshes);
		f.rounds = or_else(f.rounds, f.compare ? COMPARE_ROUNDS_DEFAULT : 1);
		f.messages = f.duration ? LEDGER_MAX : or_else(f.messages, MESSAGES_DEFAULT);
		f.window = or_else(f.window, WINDOW_DEFAULT);
		f.bytes = or_else(f.bytes, BYTES_DEFAULT);
		f.deadline = or_else(f.deadline, DEADLINE_DEFAULT_MS);
	}
	*ret_flags = f;
	return NULL;
}

str options_help(struct arena *a)
{
	struct buf b = buf_make(HELP_MAX);
	str text;

	buf_add(&b,
		S("usage: claudemesh-bench (--broker URL | --spawn PATH | --yardstick) [FLAGS]\n\n"
		  "Loads a broker on this machine and checks that every message that was acked\n"
		  "arrived, once and unchanged. Exit status 0 only if so.\n\n"));
	for (const struct flag *f = bench_flag_table; f->name; f++) {
		str name = flag_spelling(a, f);
		str head = arena_printf(a, "  --%.*s %s", STRF(name), f->value);

		buf_printf(&b, "%-*.*s %s\n", HELP_COLUMN, STRF(head), f->doc);
	}
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

/* 127.x.y.z in digits: a name that begins so is somebody else's. */
static bool is_127(str host)
{
	size_t dots = 0;

	if (!str_starts(host, S("127.")))
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] == '.')
			dots++;
		else if (host.ptr[i] < '0' || host.ptr[i] > '9')
			return false;
	}
	return dots == 3;
}

struct err *options_check_loopback(struct arena *a, str url)
{
	struct url u;

	TRY(url_parse(a, url, &u));
	if (is_127(u.host) || str_eq(u.host, S("localhost")) ||
	    (u.is_ipv6 && str_eq(u.host, S("::1"))))
		return NULL;
	return FAIL(a, FORBIDDEN,
		    "'%.*s' is not this machine; claudemesh-bench loads only 127.0.0.1, ::1 and "
		    "localhost",
		    STRF(u.host));
}
