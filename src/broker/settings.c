/*
 * settings.c - from argv, environment and file to struct settings.
 *
 * Sources only collect texts, the strongest last; each setting's text is parsed once, at
 * the end, so a faulty line of the file that a flag overrides still counts as a fault.
 */
#include "broker/settings.h"

#include <sched.h>

#include "base/buf.h"
#include "db/pg_url.h"
#include "engine/shard.h"
#include "net/url.h"

enum { SETTINGS_MAX = 64, ENV_NAME_MAX = 96 };

/* What stands for each row, and where it was said. */
struct source {
	str text, where;
	bool again;
	bool literal; /* the secret itself, not the file it is in */
};

struct reading {
	struct arena *arena;
	char *const *env;
	struct settings out;
	struct source said[SETTINGS_MAX]; /* by row */
};

static void say(struct reading *r, const struct setting *row, str text, str where)
{
	r->said[row - settings_table] = (struct source){ text, where, false, false };
}

/* A fault of a value, told with the place where it stands. */
static struct err *check(struct reading *r, const struct setting *row, str text, str where)
{
	struct err *e = setting_parse(r->arena, row, text, &r->out);

	if (!e)
		return NULL;
	return FAIL(r->arena, BAD_REQUEST, "%.*s: %.*s", STRF(where), STRF(e->text));
}

static str env_get(const struct reading *r, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = r->env; *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return str_from(*at + len + 1);
	return STR_NONE;
}

/* An empty variable counts as unset: compose files leave such. */
static bool env_say(struct reading *r, const struct setting *row, str name)
{
	const char *cname = arena_cstr(r->arena, name);
	str text = env_get(r, cname);

	if (str_empty(text))
		return false;
	say(r, row, text, arena_printf(r->arena, "environment variable %s", cname));
	return true;
}

str setting_variable(struct arena *a, const struct setting *row)
{
	char *name = arena_cstr(a, arena_printf(a, "CLAUDEMESH_BROKER_%s", row->name));

	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
		else if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
	return str_from(name);
}

static void read_own_env(struct reading *r)
{
	for (const struct setting *row = settings_table; row->name; row++) {
		if (row->flags & SETTING_FLAG_ONLY)
			continue;
		if (row->also)
			env_say(r, row, str_from(row->also));
		if (row->secret && env_say(r, row, str_from(row->secret)))
			r->said[row - settings_table].literal = true;
		env_say(r, row, setting_variable(r->arena, row));
	}
}

static void read_reference_env(struct reading *r)
{
	for (const struct setting *row = settings_table; row->name; row++) {
		str names = str_from(row->reference), name;
		struct source *said = &r->said[row - settings_table];

		while (str_cut(&names, ' ', &name)) {
			if (!env_say(r, row, name))
				continue;
			/* A bare port, which the reference opens on every address. */
			if (row->kind == SETTING_LISTEN)
				said->text = arena_printf(r->arena, "0.0.0.0:%.*s",
							  STRF(said->text));
			break;
		}
	}
}

/* One flag of argv: "--name value" or "--name=value". */
static struct err *read_flag(struct reading *r, int argc, char *const argv[], int *i)
{
	str text = str_from(argv[*i]), name;
	const struct setting *row;
	struct source *said;
	bool given;

	if (!str_starts(text, S("--")) || text.len == 2)
		return FAIL(r->arena, BAD_REQUEST, "unexpected argument '%.*s'; see --help",
			    STRF(text));
	text = str_skip(text, 2);
	given = str_cut(&text, '=', &name) && text.ptr;
	row = setting_get(name);
	if (!row)
		return FAIL(r->arena, BAD_REQUEST, "unknown flag '--%.*s'%.*s (--help lists all)",
			    STRF(name), STRF(setting_hint(r->arena, name, "--")));
	if (row->kind == SETTING_YES && !given)
		text = S("yes");
	else if (!given && *i + 1 == argc)
		return FAIL(r->arena, BAD_REQUEST, "--%s needs a value, %s", row->name, row->value);
	else if (!given)
		text = str_from(argv[++*i]);
	said = &r->said[row - settings_table];
	if (row->kind == SETTING_LISTEN && said->again)
		text = arena_printf(r->arena, "%.*s,%.*s", STRF(said->text), STRF(text));
	say(r, row, text, arena_printf(r->arena, "--%s", row->name));
	said->again = true;
	return NULL;
}

static struct err *found_in_file(void *arg, struct arena *a, const struct setting *row, str value,
				 int line)
{
	struct reading *r = arg;
	str where = arena_printf(a, "'%.*s' line %d", STRF(r->out.config), line);

	TRY(check(r, row, value, where));
	say(r, row, value, where);
	return NULL;
}

/* Where the user's own state belongs, if --data does not say. */
static struct err *default_data(struct reading *r)
{
	str state = env_get(r, "XDG_STATE_HOME"), home = env_get(r, "HOME");

	if (r->out.data.ptr)
		return NULL;
	if (str_starts(state, S("/")))
		r->out.data = arena_printf(r->arena, "%.*s/claudemesh", STRF(state));
	else if (str_starts(home, S("/")))
		r->out.data = arena_printf(r->arena, "%.*s/.local/state/claudemesh", STRF(home));
	else
		return FAIL(r->arena, BAD_REQUEST,
			    "neither XDG_STATE_HOME nor HOME is set: give --data DIR");
	return NULL;
}

static struct err *find_database(struct arena *a, struct settings *s)
{
	struct pg_url pg;

	if (str_starts(s->database, S("sqlite:")))
		s->database = str_skip(s->database, sizeof("sqlite:") - 1);
	/* sqlite:///path is the form with an empty host. */
	if (str_starts(s->database, S("///")))
		s->database = str_skip(s->database, 2);
	if (str_starts(s->database, S("postgres:")) || str_starts(s->database, S("postgresql:")))
		return pg_url_read(a, s->database, &pg);
	if (str_contains(s->database, S("://")))
		return FAIL(a, BAD_REQUEST,
			    "--database is a path, sqlite:PATH or postgresql://USER@HOST/DATABASE");
	if (str_empty(s->database))
		s->database = arena_printf(a, "%.*s/broker.db", STRF(s->data));
	return NULL;
}

/* Those this process may run on. */
static i64 cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? MAX(CPU_COUNT(&set), 1) : 1;
}

static struct err *find_threads(struct arena *a, struct settings *s)
{
	bool one_writer = !pg_url_is(s->database);

	if (!s->engine_threads)
		s->engine_threads = one_writer ? 1 : MIN(cores(), SHARDS_MAX);
	if (one_writer && s->engine_threads > 1)
		return FAIL(a, BAD_REQUEST,
			    "--engine-threads %lld: a SQLite file has one writer, so only 1 is possible; "
			    "more need --database postgresql://...",
			    (long long)s->engine_threads);
	return NULL;
}

static bool is_local_url(struct arena *a, str text)
{
	struct url u;
	size_t digits = 0;

	if (url_parse(a, text, &u))
		return false;
	while (digits < u.host.len && (u.host.ptr[digits] == '.' ||
				       (u.host.ptr[digits] >= '0' && u.host.ptr[digits] <= '9')))
		digits++;
	return str_eq(u.host, S("localhost")) || str_eq(u.host, S("::1")) ||
	       (str_starts(u.host, S("127.")) && digits == u.host.len);
}

/* What follows from several settings together. */
static struct err *finish(struct reading *r)
{
	struct settings *s = &r->out;

	TRY(default_data(r));
	TRY(find_database(r->arena, s));
	TRY(find_threads(r->arena, s));
	if (!s->tls_cert.ptr != !s->tls_key.ptr)
		return FAIL(r->arena, BAD_REQUEST, "--tls-cert and --tls-key go together");
	s->public_is_local = str_empty(s->public_url) || is_local_url(r->arena, s->public_url);
	if (s->create == CREATE_AUTO)
		s->create = s->public_is_local ? CREATE_LOOPBACK : CREATE_ACCOUNTS;
	return NULL;
}

static struct err *read_flags(struct reading *r, int argc, char *const argv[])
{
	for (size_t i = 0; i < SETTINGS_MAX; i++)
		r->said[i].again = false;
	for (int i = 0; i < argc; i++)
		TRY(read_flag(r, argc, argv, &i));
	return NULL;
}

static struct err *apply(struct reading *r, const struct setting *row)
{
	const struct source *said = &r->said[row - settings_table];

	if (said->literal) {
		*(str *)((char *)&r->out + row->offset) = said->text;
		return NULL;
	}
	if (said->text.ptr)
		return check(r, row, said->text, said->where);
	return row->preset ? check(r, row, str_from(row->preset), S("default")) : NULL;
}

/* What decides which sources count is read before all of them are. */
static struct err *read_first(struct reading *r, int argc, char *const argv[],
			      bool *ret_reference_said)
{
	static const char *const first[] = { "help", "version", "config", "reference-env" };

	read_own_env(r);
	TRY(read_flags(r, argc, argv));
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		TRY(apply(r, setting_get(str_from(first[i]))));
	*ret_reference_said = r->said[setting_get(S("reference-env")) - settings_table].text.ptr;
	return NULL;
}

static struct err *read_rest(struct reading *r, int argc, char *const argv[], bool reference_said)
{
	bool reference = r->out.reference_env;

	memset(r->said, 0, sizeof(r->said));
	if (r->out.config.ptr)
		TRY(settings_file(r->arena, r->out.config, found_in_file, r));
	if (reference_said ? reference : r->out.reference_env)
		read_reference_env(r);
	read_own_env(r);
	TRY(read_flags(r, argc, argv));
	for (const struct setting *row = settings_table; row->name; row++)
		TRY(apply(r, row));
	return finish(r);
}

static struct err *read_all(struct reading *r, int argc, char *const argv[])
{
	bool reference_said;

	TRY(read_first(r, argc, argv, &reference_said));
	if (r->out.help || r->out.version)
		return NULL;
	return read_rest(r, argc, argv, reference_said);
}

struct err *settings_read(struct arena *a, int argc, char *const argv[], char *const env[],
			  struct settings *ret_settings)
{
	struct reading *r = NEW(a, struct reading);

	r->arena = a;
	r->env = env;
	TRY(read_all(r, argc, argv));
	*ret_settings = r->out;
	return NULL;
}

/* What holds for the row: as said, or the default. */
static void print_row(struct buf *b, const struct setting *row, const struct source *said)
{
	str value = said->text.ptr ? said->text : row->preset ? str_from(row->preset) : STR_NONE;

	if (!value.ptr) {
		buf_printf(b, "# %s is not set\n", row->name);
		return;
	}
	buf_printf(b, "# %.*s\n", STRF(said->text.ptr ? said->where : S("default")));
	/* The address of a PostgreSQL database may hold its password. */
	if (said->literal || pg_url_is(value))
		buf_printf(b, "# %s is set, and not shown\n", row->name);
	else
		buf_printf(b, "%s = %.*s\n", row->name, STRF(value));
}

struct err *settings_print(struct arena *a, int argc, char *const argv[], char *const env[], str *ret_text)
{
	CLEANUP(buf_done) struct buf b = buf_make(CONFIG_BYTES_MAX);
	struct reading *r = NEW(a, struct reading);

	r->arena = a;
	r->env = env;
	TRY(read_all(r, argc, argv));
	for (const struct setting *row = settings_table; row->name; row++)
		if (!(row->flags & (SETTING_FLAG_ONLY | SETTING_NOT_IN_FILE)))
			print_row(&b, row, &r->said[row - settings_table]);
	*ret_text = arena_dup(a, buf_str(&b));
	return NULL;
}
