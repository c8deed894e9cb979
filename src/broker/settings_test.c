#include "broker/settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "engine/shard.h"
#include "proto/limits.h"

enum { ARGS_MAX = 16 };

/* Words separated by blanks, as argv or environ. */
static char **words(struct arena *a, const char *text, int *ret_n)
{
	char **list = NEW_ARRAY(a, char *, ARGS_MAX);
	str rest = str_from(text), word;
	int n = 0;

	while (str_cut(&rest, ' ', &word))
		if (word.len)
			list[n++] = arena_cstr(a, word);
	if (ret_n)
		*ret_n = n;
	return list;
}

static struct err *read_words(struct arena *a, const char *env, const char *args,
			      struct settings *s)
{
	int n;
	char **argv = words(a, args, &n);

	return settings_read(a, n, argv,
			     words(a, arena_cstr(a, arena_printf(a, "HOME=/home/x %s", env)), NULL),
			     s);
}

static void assert_text(const struct err *e, const char *part)
{
	assert_non_null(e);
	if (!str_contains(e->text, str_from(part)))
		fail_msg("'%.*s' lacks '%s'", STRF(e->text), part);
}

TEST(rows_are_documented_and_their_defaults_hold)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (const struct setting *row = settings_table; row->name; row++) {
		struct settings s;

		assert_ptr_equal(setting_get(str_from(row->name)), row);
		assert_true(str_ends(str_from(row->doc), S(".")));
		assert_true((row->kind == SETTING_YES) == !row->value);
		if (row->preset)
			assert_ok(setting_parse(a, row, str_from(row->preset), &s));
	}
}

TEST(defaults)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_words(a, "", "", &s));
	assert_int_equal(s.listen.n, 1);
	assert_str(s.listen.items[0].host, S("127.0.0.1"));
	assert_int_equal(s.listen.items[0].port, 7900);
	assert_str(s.data, S("/home/x/.local/state/claudemesh"));
	assert_str(s.database, S("/home/x/.local/state/claudemesh/broker.db"));
	assert_int_equal(s.create, CREATE_LOOPBACK);
	assert_int_equal(s.offline, OFFLINE_KEEP);
	assert_int_equal(s.audit, AUDIT_MESSAGES);
	assert_int_equal(s.rate_limit.per_minute, RATE_PER_MINUTE_DEFAULT);
	assert_int_equal(s.rate_limit.burst, RATE_BURST_DEFAULT);
	assert_int_equal(s.max_message_bytes, MESSAGE_BYTES_DEFAULT);
	assert_int_equal(s.max_connections_per_mesh, MESH_CONNECTIONS_DEFAULT);
	assert_int_equal(s.max_waiting, MAILBOX_WAITING_MAX);
	assert_int_equal(s.max_waiting_bytes, MAILBOX_WAITING_BYTES_MAX);
	assert_int_equal(s.max_sent_waiting, SENDER_WAITING_MAX);
	assert_int_equal(s.max_sent_waiting_bytes, SENDER_WAITING_BYTES_MAX);
	assert_int_equal(s.window_messages, WINDOW_MESSAGES);
	assert_int_equal(s.window_bytes, WINDOW_BYTES);
	assert_int_equal(s.lease_seconds * 1000, LEASE_MS);
	assert_int_equal(s.grace_seconds * 1000, GRACE_MS);
	assert_int_equal(s.max_unauthenticated, UNAUTHENTICATED_DEFAULT);
	assert_int_equal(s.max_unauthenticated_per_address, UNAUTHENTICATED_PER_ADDRESS);
	assert_int_equal(s.log_level, LOG_INFO);
	assert_int_equal(s.log_format, LOG_TEXT);
	assert_true(s.public_is_local);
	assert_ok(read_words(a, "CLAUDEMESH_BROKER_WINDOW_BYTES=4096 CLAUDEMESH_BROKER_LEASE_SECONDS=2",
			     "--window-messages 3 --grace-seconds 7", &s));
	assert_int_equal(s.window_messages, 3);
	assert_int_equal(s.window_bytes, 4096);
	assert_int_equal(s.lease_seconds, 2);
	assert_int_equal(s.grace_seconds, 7);
	assert_ok(read_words(a, "XDG_STATE_HOME=/state", "", &s));
	assert_str(s.data, S("/state/claudemesh"));
}

TEST(flags_are_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(
		read_words(a, "",
			   "--listen :0 --listen=[::1]:7 --data /d --rate-limit 0 --create anyone "
			   "--offline refuse --audit=acts --log-format=json --log-level debug",
			   &s));
	assert_int_equal(s.listen.n, 2);
	assert_str(s.listen.items[0].host, S(""));
	assert_int_equal(s.listen.items[0].port, 0);
	assert_str(s.listen.items[1].host, S("::1"));
	assert_int_equal(s.listen.items[1].port, 7);
	assert_str(s.database, S("/d/broker.db"));
	assert_int_equal(s.rate_limit.per_minute, 0);
	assert_int_equal(s.create, CREATE_ANYONE);
	assert_int_equal(s.offline, OFFLINE_REFUSE);
	assert_int_equal(s.audit, AUDIT_ACTS);
	assert_int_equal(s.log_format, LOG_JSON);
	assert_int_equal(s.log_level, LOG_DEBUG);
}

static const struct {
	const char *args, *error;
} refused[] = {
	{ "--lisen x", "unknown flag '--lisen', did you mean '--listen'" },
	{ "--no-such-flag", "unknown flag '--no-such-flag' (" },
	{ "start", "unexpected argument 'start'" },
	{ "-v", "unexpected argument '-v'" },
	{ "--", "unexpected argument '--'" },
	{ "--data", "--data needs a value, DIR" },
	{ "--data=", "--data: the value is empty" },
	{ "--listen 7900", "--listen: '7900' is not HOST:PORT" },
	{ "--listen h:99999", "--listen: 'h:99999' is not HOST:PORT" },
	{ "--listen ::1:7900", "is not HOST:PORT" },
	{ "--listen a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8,i:9", "more than 8 addresses" },
	{ "--rate-limit x", "is not PER_MINUTE:BURST" },
	{ "--rate-limit 60", "is not PER_MINUTE:BURST" },
	{ "--rate-limit 60:0", "is not PER_MINUTE:BURST" },
	{ "--rate-limit 60:10:1", "is not PER_MINUTE:BURST" },
	{ "--rate-limit -1:10", "is not PER_MINUTE:BURST" },
	{ "--create everyone", "'everyone' is none of auto, loopback, accounts, anyone" },
	{ "--window-messages 0", "--window-messages: '0' is not a number from 1 to 65536" },
	{ "--window-bytes 1000", "--window-bytes: '1000' is not a number from 1024 to" },
	{ "--lease-seconds 0", "--lease-seconds: '0' is not a number from 1 to 3600" },
	{ "--grace-seconds 3601", "--grace-seconds: '3601' is not a number from 1 to 3600" },
	{ "--max-message-bytes 9", "is not a number from" },
	{ "--max-message-bytes 99999999999999999999", "is not a number from" },
	{ "--public-url ftp://x", "--public-url: " },
	{ "--database postgresql:h/d", "does not start with postgresql://" },
	{ "--database postgresql://u:a@b@h/d", "write %40 for it" },
	{ "--database postgresql://h/d?schema=A", "schema 'A'" },
	{ "--database mysql://h/d", "--database is a path, sqlite:PATH or postgresql://" },
	{ "--tls-cert x", "--tls-cert and --tls-key go together" },
	{ "--tls-key x", "--tls-cert and --tls-key go together" },
	{ "--reference-env=maybe", "--reference-env: 'maybe' is neither yes nor no" },
	{ "--config /nowhere/at/all", "configuration '/nowhere/at/all': " },
};

TEST(faulty_flags_are_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct settings s;

		assert_text(read_words(a, "", refused[i].args, &s), refused[i].error);
	}
}

TEST(database_forms)
{
	static const struct {
		const char *url, *path;
	} forms[] = {
		{ "/x/y.db", "/x/y.db" },   { "sqlite:/x/y.db", "/x/y.db" },
		{ "sqlite:y.db", "y.db" },  { "sqlite:///x/y.db", "/x/y.db" },
		{ ":memory:", ":memory:" }, { "postgres://h/d", "postgres://h/d" },
		{ "postgresql://h/d?schema=x", "postgresql://h/d?schema=x" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct settings s;

		assert_ok(read_words(
			a, "", arena_cstr(a, arena_printf(a, "--database %s", forms[i].url)), &s));
		assert_str(s.database, str_from(forms[i].path));
	}
}

TEST(threads_need_postgresql)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_words(a, "", "", &s));
	assert_int_equal(s.engine_threads, 1);
	assert_ok(read_words(a, "", "--engine-threads 1 --database /x/y.db", &s));
	assert_int_equal(s.engine_threads, 1);
	assert_text(read_words(a, "", "--engine-threads 2", &s), "a SQLite file has one writer");
	assert_ok(read_words(a, "", "--database postgresql://u@h/d", &s));
	assert_in_range(s.engine_threads, 1, SHARDS_MAX);
	assert_ok(read_words(a, "CLAUDEMESH_BROKER_ENGINE_THREADS=3", "--database postgresql://u@h/d", &s));
	assert_int_equal(s.engine_threads, 3);
	assert_text(read_words(a, "", "--engine-threads 0", &s), "a number from 1 to 8");
	assert_text(read_words(a, "", "--engine-threads 9", &s), "a number from 1 to 8");
}

TEST(a_public_url_turns_creation_off)
{
	static const struct {
		const char *url;
		int create;
	} rows[] = {
		{ "http://127.0.0.1:7900", CREATE_LOOPBACK },
		{ "http://localhost/", CREATE_LOOPBACK },
		{ "ws://[::1]:7900/ws", CREATE_LOOPBACK },
		{ "https://mesh.example.org", CREATE_ACCOUNTS },
		{ "http://127.evil.example", CREATE_ACCOUNTS },
		{ "http://10.0.0.1", CREATE_ACCOUNTS },
		{ "wss://mesh.example.org/ws", CREATE_ACCOUNTS },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(read_words(
			a, "", arena_cstr(a, arena_printf(a, "--public-url %s", rows[i].url)), &s));
		assert_int_equal(s.create, rows[i].create);
	}
	assert_str(s.public_url, S("https://mesh.example.org"));
	assert_ok(read_words(a, "", "--public-url https://x.org --create anyone", &s));
	assert_int_equal(s.create, CREATE_ANYONE);
}

TEST(environment_counts_below_flags)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_words(a,
			     "CLAUDEMESH_BROKER_LOG_LEVEL=warn CLAUDEMESH_BROKER_DATA=/e "
			     "CLAUDEMESH_BROKER_LISTEN=h:1,h:2 MAX_MESSAGE_BYTES=",
			     "--data /f", &s));
	assert_int_equal(s.log_level, LOG_WARN);
	assert_str(s.data, S("/f"));
	assert_int_equal(s.listen.n, 2);
	assert_int_equal(s.max_message_bytes, MESSAGE_BYTES_DEFAULT);
	assert_ok(read_words(a, "CLAUDEMESH_BROKER_LISTEN=h:1,h:2", "--listen h:3", &s));
	assert_int_equal(s.listen.n, 1);
	assert_text(read_words(a, "CLAUDEMESH_BROKER_LOG_LEVEL=loud", "", &s),
		    "environment variable CLAUDEMESH_BROKER_LOG_LEVEL: 'loud'");
	/* Help is given whatever the environment says. */
	assert_ok(read_words(a, "CLAUDEMESH_BROKER_LOG_LEVEL=loud", "--help", &s));
	assert_true(s.help);
}

TEST(names_of_the_reference_count_only_when_asked)
{
	static const char env[] =
		"DATABASE_URL=/r.db BROKER_PORT=7901 APP_URL=https://a.example "
		"BROKER_WS_URL=wss://b.example/ws MAX_MESSAGE_BYTES=1000 MAX_CONNECTIONS_PER_MESH=7";
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_words(a, env, "", &s));
	assert_str(s.database, S("/home/x/.local/state/claudemesh/broker.db"));
	assert_int_equal(s.listen.items[0].port, 7900);
	assert_str(s.public_url, S(""));
	assert_int_equal(s.max_message_bytes, 1000);
	assert_int_equal(s.max_connections_per_mesh, 7);
	assert_ok(read_words(a, env, "--reference-env", &s));
	assert_str(s.database, S("/r.db"));
	assert_str(s.listen.items[0].host, S("0.0.0.0"));
	assert_int_equal(s.listen.items[0].port, 7901);
	assert_str(s.public_url, S("https://b.example"));
	assert_int_equal(s.create, CREATE_ACCOUNTS);
	assert_ok(read_words(a,
			     "DATABASE_URL=/r.db CLAUDEMESH_BROKER_DATABASE=/own.db "
			     "CLAUDEMESH_BROKER_REFERENCE_ENV=1",
			     "", &s));
	assert_str(s.database, S("/own.db"));
}

static str config(struct arena *a, const char *text, mode_t mode)
{
	char *path = arena_cstr(a, S("/tmp/broker-settings-XXXXXX"));
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return str_from(path);
}

static struct err *read_config(struct arena *a, const char *text, mode_t mode, const char *more,
			       struct settings *s)
{
	str path = config(a, text, mode);
	struct err *e = read_words(
		a, "", arena_cstr(a, arena_printf(a, "--config %.*s %s", STRF(path), more)), s);

	unlink(path.ptr);
	return e;
}

static struct err *read_secret(struct arena *a, const char *text, mode_t mode, struct settings *s)
{
	str path = config(a, text, mode);
	struct err *e = read_words(
		a, "", arena_cstr(a, arena_printf(a, "--metrics-token-file %.*s", STRF(path))), s);

	unlink(path.ptr);
	return e;
}

TEST(file_counts_below_flags)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_config(a,
			      "# comment\n\n data = /from/file \nlog-level=debug\nrate-limit = 1:2",
			      0600, "--log-level error", &s));
	assert_str(s.data, S("/from/file"));
	assert_int_equal(s.rate_limit.per_minute, 1);
	assert_int_equal(s.log_level, LOG_ERROR);
	assert_ok(read_config(a, "", 0400, "", &s));
}

TEST(faulty_lines_are_named)
{
	static const struct {
		const char *text, *error;
	} lines[] = {
		{ "data = /x\nlog-lvel = debug\n",
		  "line 2: no setting 'log-lvel', did you mean 'log-level'" },
		{ "data\n", "line 1 is not 'name = value'" },
		{ "\n\nlog-level = loud\n", "line 3: 'loud' is none of" },
		{ "data = /x\ndata = /y\n", "line 2: 'data' stands there twice" },
		{ "config = /x\n", "no setting 'config'" },
		{ "help = yes\n", "no setting 'help'" },
		{ "data =\n", "line 1: the value is empty" },
		{ "data = /\xff\n", "is not text" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_text(read_config(a, lines[i].text, 0600, "", &s), lines[i].error);
	/* Also if a flag overrides it. */
	assert_text(read_config(a, "log-level = loud\n", 0600, "--log-level info", &s),
		    "line 1: 'loud'");
}

TEST(a_file_that_others_see_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0666, 0610, 0601 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct err *e = read_config(a, "data = /x\n", modes[i], "", &s);

		assert_err(e, FORBIDDEN);
		assert_text(e, "chmod 600 '/tmp/broker-settings-");
	}
	assert_err(read_words(a, "", "--config /tmp", &s), BAD_REQUEST);
	assert_err(read_words(a, "", "--config /dev/null", &s), BAD_REQUEST);
}

TEST(a_secret_stands_in_a_file)
{
	static const struct { const char *text; mode_t mode; const char *error; } bad[] = {
		{ "\n", 0600, "its first line is empty" }, { "", 0600, "its first line is empty" },
		{ "x\n", 0640, "chmod 600" }, { "x\n", 0604, "chmod 600" }, { "a\xff\n", 0600, "is not text" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;

	assert_ok(read_secret(a, "  tok en \nmore\n", 0600, &s));
	assert_str(s.metrics_token, S("tok en"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_text(read_secret(a, bad[i].text, bad[i].mode, &s), bad[i].error);
	assert_text(read_words(a, "", "--metrics-token-file /nowhere/x", &s), "secret '/nowhere/x'");
}

TEST(what_holds_is_printed_and_secrets_are_not)
{
	char *const argv[] = { (char[]){ "--log-level=debug" } };
	char *const env[] = { (char[]){ "HOME=/h" }, (char[]){ "CLAUDEMESH_BROKER_LISTEN=:1" },
			      (char[]){ "POSTMARK_API_KEY=hunter-2" },
			      (char[]){ "CLAUDEMESH_BROKER_DATABASE=postgresql://me:hunter-2@db/x" }, NULL };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct settings s;
	str text;

	assert_ok(settings_print(a, 1, argv, env, &text));
	assert_true(str_contains(text, S("# --log-level\nlog-level = debug\n")));
	assert_true(str_contains(text, S("# environment variable CLAUDEMESH_BROKER_LISTEN\nlisten = :1\n")));
	assert_true(str_contains(text, S("# default\nrate-limit = 60:10\n")));
	assert_true(str_contains(text, S("# metrics-token-file is not set\n")));
	assert_true(str_contains(text, S("# postmark-key-file is set, and not shown\n")));
	assert_true(str_contains(text, S("# database is set, and not shown\n")));
	assert_false(str_contains(text, S("hunter-2")));
	/* It is a configuration file. */
	assert_ok(read_config(a, arena_cstr(a, text), 0600, "", &s));
	assert_int_equal(s.log_level, LOG_DEBUG);
}

TEST(a_file_that_is_too_long_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char *text = arena_alloc(a, CONFIG_BYTES_MAX + 2);
	struct settings s;

	memset(text, '\n', CONFIG_BYTES_MAX + 1);
	assert_err(read_config(a, text, 0600, "", &s), TOO_LARGE);
	text[CONFIG_BYTES_MAX] = '\0';
	assert_ok(read_config(a, text, 0600, "", &s));
}

TEST(help_fits_80_columns_and_names_every_flag)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str help = settings_help(a), rest = help, line;

	while (str_cut(&rest, '\n', &line))
		if (line.len > 80)
			fail_msg("%zu columns: %.*s", line.len, STRF(line));
	for (const struct setting *row = settings_table; row->name; row++)
		assert_true(str_contains(help, arena_printf(a, "  --%s", row->name)));
}

TEST_MAIN("broker/settings")
