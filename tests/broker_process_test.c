/*
 * broker_process_test.c BROKER - the broker as a process: how it starts, what it refuses to
 * start with, how it ends.
 *
 * Each child has a folder of its own; its output goes to a file there. Waits are bounded and
 * look at what is waited for.
 */
#include "net/test_certs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "conv/wire.h"
#include "crypto/secret.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "net/http_client.h"

enum {
	PATIENCE_MS = 20000,
	STEP_MS = 10,
	ARGS_MAX = 24,
	LOG_MAX = 64 << 10,
	REST_RSS_KB = 15 * 1024
};

static const char *program;

struct child {
	struct arena *arena;
	char dir[64];
	str data, log, base;
	const char *env; /* one NAME=VALUE for the child, or NULL */
	pid_t pid;
	int status;
};

static struct child *child_new(struct arena *a)
{
	struct child *c = NEW(a, struct child);

	c->arena = a;
	snprintf(c->dir, sizeof(c->dir), "/tmp/claudemesh-broker-XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	c->data = arena_printf(a, "%s/data", c->dir);
	c->log = arena_printf(a, "%s/log", c->dir);
	return c;
}

static str file_text(struct arena *a, str path)
{
	FILE *f = fopen(arena_cstr(a, path), "re");
	char *text = arena_alloc(a, LOG_MAX);
	size_t n = f ? fread(text, 1, LOG_MAX, f) : 0;

	if (f)
		fclose(f);
	return str_of(text, n);
}

static str file_in(struct child *c, const char *name)
{
	return arena_printf(c->arena, "%.*s/%s", STRF(c->data), name);
}

static void write_file(struct arena *a, str path, const char *text, mode_t mode)
{
	FILE *f = fopen(arena_cstr(a, path), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fchmod(fileno(f), mode), 0);
	fclose(f);
}

/* Words separated by blanks after --data DIR and --listen 127.0.0.1:0. */
static void child_spawn(struct child *c, const char *flags)
{
	struct arena *a = c->arena;
	str rest = str_from(flags), word;
	char *argv[ARGS_MAX] = { (char *)program };
	const char *log = arena_cstr(a, c->log);
	int n = 1;

	argv[n++] = arena_cstr(a, S("--data"));
	argv[n++] = arena_cstr(a, c->data);
	if (!str_contains(rest, S("--listen"))) {
		argv[n++] = arena_cstr(a, S("--listen"));
		argv[n++] = arena_cstr(a, S("127.0.0.1:0"));
	}
	while (str_cut(&rest, ' ', &word))
		if (word.len)
			argv[n++] = arena_cstr(a, word);
	unlink(log);
	c->pid = fork();
	if (c->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (c->env)
			putenv((char *)c->env);
		execv(program, argv);
		_exit(127);
	}
	assert_true(c->pid > 0);
}

static bool child_ended(struct child *c)
{
	if (c->pid && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->pid = 0;
	return !c->pid;
}

static void child_wait(struct child *c)
{
	i64 until = wire_now_ms() + PATIENCE_MS;

	while (!child_ended(c)) {
		if (wire_now_ms() > until) {
			kill(c->pid, SIGKILL);
			fail_msg("the broker did not end: %.*s", STRF(file_text(c->arena, c->log)));
		}
		poll(NULL, 0, STEP_MS);
	}
}

/* Until it says where it listens. */
static void child_start(struct child *c, const char *flags)
{
	i64 until = wire_now_ms() + PATIENCE_MS;
	str addr = file_in(c, "broker.addr");

	unlink(arena_cstr(c->arena, addr));
	child_spawn(c, flags);
	for (;;) {
		c->base = str_trim(file_text(c->arena, addr));
		if (c->base.len)
			return;
		if (child_ended(c) || wire_now_ms() > until)
			fail_msg("the broker did not start: %.*s",
				 STRF(file_text(c->arena, c->log)));
		poll(NULL, 0, STEP_MS);
	}
}

static void child_stop(struct child *c, int signum)
{
	assert_int_equal(kill(c->pid, signum), 0);
	child_wait(c);
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) != 0)
		fail_msg("wait status %#x: %.*s", (unsigned)c->status,
			 STRF(file_text(c->arena, c->log)));
}

/* It must not start, for this reason, which it tells in one line. */
static void child_refuses(struct child *c, const char *flags, int status, const char *words)
{
	str rest, line, log;
	int lines = 0;

	child_spawn(c, flags);
	child_wait(c);
	log = rest = file_text(c->arena, c->log);
	while (str_cut(&rest, '\n', &line))
		lines += str_starts(line, S("claudemesh-broker: "));
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) != status || lines != 1 ||
	    !str_contains(log, str_from(words)))
		fail_msg("%s: wait status %#x, not %d with '%s': %.*s", flags, (unsigned)c->status,
			 status, words, STRF(log));
}

static void child_free(struct child *c)
{
	static const char *const files[] = { "broker.db",      "broker.db-wal", "broker.db-shm",
					     "broker.db.lock", "broker.key",    "broker.lock",
					     "broker.addr",    "broker.sock",   "login.key" };

	if (!child_ended(c)) {
		kill(c->pid, SIGKILL);
		child_wait(c);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(file_in(c, files[i]).ptr);
	rmdir(c->data.ptr);
	unlink(c->log.ptr);
	assert_int_equal(rmdir(c->dir), 0);
}

static int child_port(const struct child *c)
{
	str rest = c->base;
	i64 port;

	while (str_index(rest, ':') >= 0)
		rest = str_skip(rest, (size_t)str_index(rest, ':') + 1);
	assert_true(str_to_i64(rest, &port));
	return (int)port;
}

static int status_of(struct child *c, str method, const char *path, str body, struct tls *tls,
		     str *ret_body)
{
	const struct http_header type = { S("Content-Type"), S("application/json") };
	struct http_spec spec = { .method = method,
				  .url = arena_printf(c->arena, "%.*s%s", STRF(c->base), path),
				  .body = body,
				  .headers = &type,
				  .n_headers = body.ptr ? 1 : 0,
				  .tls = tls };
	struct http_answer answer;

	assert_ok(http_fetch(c->arena, &spec, &answer));
	if (ret_body)
		*ret_body = answer.body;
	return answer.status;
}

static int create(struct child *c, str *ret_body)
{
	return status_of(c, S("POST"), "/cli/mesh/create",
			 S("{\"name\":\"demo\",\"pubkey\":"
			   "\"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c\"}"),
			 NULL, ret_body);
}

static unsigned mode_of(struct arena *a, str path)
{
	struct stat st;

	assert_int_equal(stat(arena_cstr(a, path), &st), 0);
	return st.st_mode & 0777;
}

TEST(starts_announces_itself_and_ends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);

	child_start(c, "");
	assert_true(str_starts(c->base, S("http://127.0.0.1:")));
	assert_true(str_contains(file_text(a, c->log),
				 arena_printf(a, "listening on %.*s\n", STRF(c->base))));
	assert_int_equal(status_of(c, S("GET"), "/health?x=1", STR_NONE, NULL, NULL), 200);
	assert_int_equal(mode_of(a, c->data), 0700);
	assert_int_equal(mode_of(a, file_in(c, "broker.db")), 0600);
	assert_int_equal(mode_of(a, file_in(c, "broker.db-wal")), 0600);
	assert_int_equal(mode_of(a, file_in(c, "broker.key")), 0600);
	assert_int_equal(mode_of(a, file_in(c, "broker.addr")), 0600);
	child_stop(c, SIGTERM);
	assert_int_equal(access(file_in(c, "broker.addr").ptr, F_OK), -1);
	child_start(c, "--log-format json");
	child_stop(c, SIGINT);
	assert_true(str_starts(file_text(a, c->log), S("listening on ")) ||
		    str_starts(file_text(a, c->log), S("{\"ts\":")));
	child_free(c);
}

TEST(keeps_what_it_was_told_across_a_restart)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	str body;

	child_start(c, "");
	assert_int_equal(create(c, NULL), 200);
	child_stop(c, SIGTERM);
	child_start(c, "");
	assert_int_equal(create(c, &body), 200);
	assert_true(str_contains(body, S("\"slug\":\"demo-2\"")));
	child_free(c);
}

TEST(open_sockets_are_closed_with_1001)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct wire w = { .arena = a, .fd = -1 }, *all[] = { &w };
	int status;

	child_start(c, "");
	assert_ok(wire_open(a, child_port(c), NULL, 0, &w, &status));
	assert_int_equal(status, 101);
	assert_int_equal(w.challenge.len, 43);
	assert_int_equal(kill(c->pid, SIGTERM), 0);
	for (i64 until = wire_now_ms() + PATIENCE_MS; !w.closed && wire_now_ms() < until;)
		assert_ok(wire_wait(a, all, 1, STEP_MS));
	assert_int_equal(w.close_code, 1001);
	assert_str(w.close_reason, S("shutting down"));
	child_wait(c);
	assert_true(WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0);
	child_free(c);
}

/* D-17: nobody may sit there without saying who they are, nor many from one place. */
TEST(sockets_without_a_hello_are_few_and_short_lived)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct wire w = { .arena = a, .fd = -1 }, more = { .arena = a, .fd = -1 }, *all[] = { &w };
	int status, fd;
	char byte;

	child_start(c, "--hello-seconds 1 --max-unauthenticated-per-address 2");
	assert_ok(wire_open(a, child_port(c), NULL, 0, &w, &status));
	assert_ok(wire_open(a, child_port(c), NULL, 0, &more, &status));
	assert_ok(wire_connect(a, child_port(c), &fd));
	assert_true(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, PATIENCE_MS) == 1);
	assert_true(read(fd, &byte, 1) <= 0);
	close(fd);
	for (i64 until = wire_now_ms() + PATIENCE_MS; !w.closed && wire_now_ms() < until;)
		assert_ok(wire_wait(a, all, 1, STEP_MS));
	assert_int_equal(w.close_code, 1008);
	assert_str(w.close_reason, S("no hello in time"));
	wire_drop(&more);
	child_stop(c, SIGTERM);
	child_free(c);
}

TEST(a_second_signal_ends_it_at_once)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct wire w = { .arena = a, .fd = -1 };
	i64 until = wire_now_ms() + PATIENCE_MS;
	int status;

	child_start(c, "");
	/* A peer that never answers the close frame keeps it waiting. */
	assert_ok(wire_open(a, child_port(c), NULL, 0, &w, &status));
	assert_int_equal(kill(c->pid, SIGTERM), 0);
	while (!str_contains(file_text(a, c->log), S("shutting down")) && wire_now_ms() < until)
		poll(NULL, 0, STEP_MS);
	while (!child_ended(c) && wire_now_ms() < until) {
		kill(c->pid, SIGTERM);
		poll(NULL, 0, STEP_MS);
	}
	assert_true(WIFSIGNALED(c->status));
	assert_int_equal(WTERMSIG(c->status), SIGTERM);
	wire_drop(&w);
	child_start(c, "");
	child_stop(c, SIGTERM);
	child_free(c);
}

TEST(one_broker_a_directory)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a), *other = child_new(a);
	pid_t first;

	child_start(c, "");
	first = c->pid;
	other->data = c->data;
	child_refuses(other, "", 6,
		      arena_printf(a, "is in use by another broker (process %d): stop it first",
				   (int)first)
			      .ptr);
	other->data = arena_printf(a, "%s/data", other->dir);
	/* The same database from two directories. */
	child_refuses(other, arena_printf(a, "--database %.*s/broker.db", STRF(c->data)).ptr, 6,
		      "is in use by another broker");
	assert_int_equal(status_of(c, S("GET"), "/health", STR_NONE, NULL, NULL), 200);
	child_stop(c, SIGTERM);
	child_free(other);
	child_free(c);
}

TEST(a_busy_port_is_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a), *other = child_new(a);

	child_start(c, "");
	child_refuses(
		other, arena_printf(a, "--listen 127.0.0.1:%d", child_port(c)).ptr, 6,
		arena_printf(a, "127.0.0.1:%d: another program uses that port", child_port(c)).ptr);
	child_stop(c, SIGTERM);
	child_free(other);
	child_free(c);
}

TEST(a_newer_database_is_left_alone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct db *db;

	child_start(c, "");
	child_stop(c, SIGTERM);
	assert_ok(db_open(a, &db_sqlite, file_in(c, "broker.db"), &db));
	assert_ok(db_begin(db, a));
	assert_ok(db_exec(db, a,
			  S("INSERT INTO migration SELECT '9999_later.sql', checksum, applied_ms "
			    "FROM migration LIMIT 1")));
	assert_ok(db_commit(db, a));
	db_close(db);
	child_refuses(c, "", 6, "9999_later.sql");
	child_refuses(c, "", 6, "newer");
	c->env = "BROKER_SKIP_MIGRATE=1"; /* break the glass */
	child_start(c, "");
	child_stop(c, SIGTERM);
	child_free(c);
}

TEST(what_is_no_database_is_left_alone)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);

	child_start(c, "");
	child_stop(c, SIGTERM);
	write_file(a, file_in(c, "broker.db"),
		   "a letter to my aunt, long enough to be no empty file", 0600);
	child_refuses(c, "", 10, "is not a SQLite database");
	assert_true(str_starts(file_text(a, file_in(c, "broker.db")), S("a letter to my aunt")));
	child_refuses(c, "--database postgresql://u:hush@127.0.0.1:1/x", 4, "no connection to the database: ");
	child_refuses(c, "--database /nowhere/x.db", 10, "/nowhere/x.db");
	child_free(c);
}

TEST(files_that_others_may_touch_are_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	str config = arena_printf(a, "%s/config", c->dir);

	write_file(a, config, "log-level = debug\n", 0644);
	child_refuses(c, arena_printf(a, "--config %.*s", STRF(config)).ptr, 7,
		      arena_printf(a, "chmod 600 '%.*s'", STRF(config)).ptr);
	write_file(a, config, "log-lvel = debug\n", 0600);
	child_refuses(c, arena_printf(a, "--config %.*s", STRF(config)).ptr, 3,
		      "line 1: no setting 'log-lvel'");
	unlink(config.ptr);
	child_start(c, "");
	child_stop(c, SIGTERM);
	assert_int_equal(chmod(file_in(c, "broker.key").ptr, 0644), 0);
	child_refuses(c, "", 7, "broker.key");
	assert_int_equal(chmod(file_in(c, "broker.key").ptr, 0600), 0);
	assert_int_equal(chmod(c->data.ptr, 0770), 0);
	child_refuses(c, "", 7, arena_printf(a, "chmod 700 '%.*s'", STRF(c->data)).ptr);
	child_free(c);
}

TEST(a_data_directory_that_cannot_be_is_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	str data = c->data;

	write_file(a, data, "", 0600);
	child_refuses(c, "", 10, "is no directory");
	c->data = arena_printf(a, "%.*s/below", STRF(data));
	child_refuses(c, "", 10, arena_printf(a, "'%.*s'", STRF(c->data)).ptr);
	unlink(data.ptr);
	c->data = data;
	child_free(c);
}

TEST(tls_is_spoken_with_the_certificate_given)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct test_cert one = test_cert_new("IP:127.0.0.1", 1),
			 two = test_cert_new("IP:127.0.0.1", 1);
	struct tls *tls;

	child_refuses(c, arena_printf(a, "--tls-cert %s --tls-key %s", one.cert, two.key).ptr, 3,
		      two.key);
	child_refuses(c, arena_printf(a, "--tls-cert /nowhere --tls-key %s", two.key).ptr, 10,
		      "/nowhere");
	child_refuses(c, arena_printf(a, "--tls-cert %s", one.cert).ptr, 3, "go together");
	child_start(c, arena_printf(a, "--tls-cert %s --tls-key %s", one.cert, one.key).ptr);
	assert_true(str_starts(c->base, S("https://127.0.0.1:")));
	assert_ok(tls_client_new(a, str_from(one.cert), &tls));
	assert_int_equal(status_of(c, S("GET"), "/health", STR_NONE, tls, NULL), 200);
	tls_free(tls);
	child_stop(c, SIGTERM);
	test_cert_remove(&one);
	test_cert_remove(&two);
	child_free(c);
}

/* A full disk: the broker's files may not grow. Nothing is half done, and it goes on after. */
TEST(a_full_disk_is_told_and_survived)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	struct rlimit before, full;
	str body;

	child_start(c, "--log-level off");
	assert_int_equal(create(c, NULL), 200);
	assert_int_equal(prlimit(c->pid, RLIMIT_FSIZE, NULL, &before), 0);
	full = (struct rlimit){ .rlim_cur = 1, .rlim_max = before.rlim_max };
	assert_int_equal(prlimit(c->pid, RLIMIT_FSIZE, &full, NULL), 0);
	assert_int_equal(create(c, &body), 503);
	assert_true(str_contains(body, S("\"error\":\"try_again\"")));
	assert_int_equal(status_of(c, S("GET"), "/health", STR_NONE, NULL, &body), 200);
	assert_true(str_contains(body, S("\"db\":\"down\"")));
	assert_int_equal(prlimit(c->pid, RLIMIT_FSIZE, &before, NULL), 0);
	assert_int_equal(create(c, &body), 200);
	assert_true(str_contains(body, S("\"slug\":\"demo-2\"")));
	status_of(c, S("GET"), "/health", STR_NONE, NULL, &body);
	assert_true(str_contains(body, S("\"db\":\"up\"")));
	child_stop(c, SIGTERM);
	child_free(c);
}

TEST(settings_come_from_the_environment_too)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);

	c->env = "CLAUDEMESH_BROKER_CREATE=accounts";
	child_start(c, "");
	assert_int_equal(create(c, NULL), 403);
	child_stop(c, SIGTERM);
	c->env = "CLAUDEMESH_BROKER_CREATE=nobody";
	child_refuses(c, "", 3,
		      "environment variable CLAUDEMESH_BROKER_CREATE: 'nobody' is none of");
	child_free(c);
}

#if !defined(__SANITIZE_ADDRESS__) /* a sanitizer's memory says nothing: tests/rest-test.sh */
TEST(rests_below_15_megabytes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct child *c = child_new(a);
	str rest, line;
	i64 kb = 0;

	child_start(c, "");
	assert_int_equal(create(c, NULL), 200);
	rest = file_text(a, arena_printf(a, "/proc/%d/status", (int)c->pid));
	while (str_cut(&rest, '\n', &line))
		if (str_starts(line, S("VmRSS:")))
			kb = strtol(line.ptr + 6, NULL, 10);
	if (kb <= 0 || kb >= REST_RSS_KB)
		fail_msg("%lld kB", (long long)kb);
	child_stop(c, SIGTERM);
	child_free(c);
}
#endif

int main(int argc, char *argv[])
{
	if (argc != 2 || !crypto_start())
		return 2;
	program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return _cmocka_run_group_tests("broker/process", test_list, test_count, NULL, NULL);
}
