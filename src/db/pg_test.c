/*
 * pg_test.c - what is PostgreSQL's own: connections that break before, inside and at a
 * commit, deadlines, locks, a full disk, the one broker of a schema, settings, secrets.
 */
#include "db/pg.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pg_session.h"
#include "db/test_proxy.h"

enum { ADD, COUNT, ONE, TEXT, SET };

static const struct db_query add = { "ADD", ADD, "is", "", "INSERT INTO t (no, text) VALUES ($1, $2)" };
static const struct db_query set = { "SET", SET, "si", "", "UPDATE t SET text = $1 WHERE no = $2" };
static const struct db_query count_all = { "COUNT", COUNT, "", "i", "SELECT COUNT(*) FROM t" };

static struct db *open_table(struct arena *a, str where)
{
	struct db *db = test_open(a, where);

	assert_ok(db_exec(db, a, S("CREATE TABLE IF NOT EXISTS t (no BIGINT PRIMARY KEY, text TEXT)")));
	return db;
}

static struct db *open_test(struct arena *a)
{
	return open_table(a, test_schema(a));
}

static void put(struct db *db, i64 no)
{
	db_queue(db, &add, DB_VALUES(V(no), V(S("x"))));
}

static i64 number(struct db *db, struct arena *a, const char *sql)
{
	const struct db_query q = { "NUMBER", ONE, "", "i", sql };
	struct db_rows rows;

	assert_ok(db_run(db, a, &q, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

static str text(struct db *db, struct arena *a, const char *sql)
{
	const struct db_query q = { "TEXT", TEXT, "", "s", sql };
	struct db_rows rows;

	assert_ok(db_run(db, a, &q, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].s;
}

static i64 count(struct db *db, struct arena *a)
{
	struct db_rows rows;

	assert_ok(db_run(db, a, &count_all, DB_VALUES(), &rows));
	return db_row(&rows, 0)[0].i;
}

static const char end_self[] =
	"SELECT CASE WHEN pg_terminate_backend(pg_backend_pid()) THEN 1 ELSE 0 END";

/* Ends the session of a handle, from outside. */
static void cut(struct arena *a, struct db *db)
{
	i64 pid = number(db, a, "SELECT pg_backend_pid()");
	struct db *other = test_open(a, test_schema(a));
	str gone = arena_printf(a, "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = %lld", (long long)pid);

	assert_ok(db_exec(other, a, arena_printf(a, "SELECT pg_terminate_backend(%lld, 5000)", (long long)pid)));
	assert_int_equal(number(other, a, gone.ptr), 0);
}

static const char *const enforced[][2] = {
	{ "SHOW synchronous_commit", "on" },
	{ "SHOW client_encoding", "UTF8" },
	{ "SHOW standard_conforming_strings", "on" },
	{ "SHOW default_transaction_isolation", "read committed" },
	{ "SHOW default_transaction_read_only", "off" },
	{ "SHOW statement_timeout", "15s" },
	{ "SHOW application_name", "claudemesh-broker" },
};

TEST(the_session_is_set_whatever_the_address_says)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = arena_printf(a, "%.*s&options=-c%%20synchronous_commit%%3Doff%%20-c%%20statement_timeout%%3D999"
				 "%%20-c%%20standard_conforming_strings%%3Doff",
				 STRF(test_schema(a)));
	struct db *db = open_table(a, where);

	for (size_t i = 0; i < ARRAY_LEN(enforced); i++)
		assert_str(text(db, a, enforced[i][0]), str_from(enforced[i][1]));
	assert_true(number(db, a, "SELECT COUNT(*) FROM pg_namespace WHERE nspname = current_schema()") == 1);
}

TEST(a_second_broker_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a), elsewhere = test_schema(a);
	struct db *first = open_table(a, where), *second = NULL;
	struct err *e = db_open(a, &db_pg, where, &second);

	assert_err(e, CONFLICT);
	assert_null(second);
	assert_true(str_contains(e->text, S("in use by another broker (claudemesh-broker at ")));
	put(first, 1); /* it is not disturbed */
	assert_ok(db_commit(first, a));
	second = test_open(a, elsewhere); /* another schema is another database */
	assert_ok(db_exec(second, a, S("CREATE TABLE t (no BIGINT)")));
	assert_int_equal(count(second, a), 0);
}

TEST(the_lock_ends_with_the_handle)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a);
	struct db *db;

	for (i64 i = 1; i <= 3; i++) {
		assert_ok(db_open(a, &db_pg, where, &db));
		assert_ok(db_exec(db, a, S("CREATE TABLE IF NOT EXISTS t (no BIGINT PRIMARY KEY, text TEXT)")));
		put(db, i);
		assert_ok(db_commit(db, a));
		assert_int_equal(number(db, a, "SELECT epoch FROM owner"), i);
		assert_int_equal(count(db, a), i);
		db_close(db);
	}
}

TEST(cut_between_batches_is_not_noticed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	for (i64 i = 1; i <= 3; i++) {
		put(db, i);
		assert_ok(db_commit(db, a));
		cut(a, db);
	}
	assert_int_equal(count(db, a), 3);
}

TEST(cut_inside_a_batch_undoes_it)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct db_query end = { "END", ONE, "", "i", end_self };
	struct db *db = open_test(a);
	struct db_rows rows;

	put(db, 1);
	assert_int_equal(count(db, a), 1);
	assert_err(db_run(db, a, &end, DB_VALUES(), &rows), TRY_AGAIN);
	put(db, 2);
	assert_err(db_run(db, a, &count_all, DB_VALUES(), &rows), TRY_AGAIN);
	assert_err(db_commit(db, a), TRY_AGAIN);
	assert_int_equal(count(db, a), 0);
	put(db, 3);
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 1);
}

/* From outside, while the batch is idle at the server: the next call meets it. */
TEST(cut_between_the_calls_of_a_batch)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	put(db, 1);
	cut(a, db); /* its question sends the write */
	put(db, 2);
	assert_err(db_commit(db, a), TRY_AGAIN);
	assert_int_equal(count(db, a), 0);
}

static const char ends_at_commit[] =
	"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	" PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
	"CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
	" FOR EACH ROW EXECUTE FUNCTION die()";

TEST(cut_by_the_server_at_the_commit)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);
	struct err *e;

	assert_ok(db_exec(db, a, str_from(ends_at_commit)));
	put(db, 1);
	e = db_commit(db, a);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, S("outcome is unknown")));
	assert_int_equal(count(db, a), 0);
	assert_ok(db_exec(db, a, S("DROP TRIGGER die ON t")));
	put(db, 1);
	assert_ok(db_commit(db, a));
}

/* The caller cannot tell the two apart; reading again does. */
TEST(cut_on_the_way_before_and_after_the_commit)
{
	for (int after = 0; after < 2; after++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct proxy *p = proxy_new(a, "");
		struct db *db = open_table(a, p->where);
		struct err *e;

		p->mode = after ? PROXY_CUT_AFTER_COMMIT : PROXY_CUT_BEFORE_COMMIT;
		put(db, 1);
		e = db_commit(db, a);
		assert_err(e, TRY_AGAIN);
		assert_true(str_contains(e->text, S("outcome is unknown")));
		assert_int_equal(count(db, a), after);
		put(db, 2);
		assert_ok(db_commit(db, a));
		assert_int_equal(count(db, a), after + 1);
	}
}

/* The old session still holds the lock and its transaction: the new one ends it. */
TEST(a_silent_server_meets_the_deadline)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct proxy *p = proxy_new(a, "&timeout=1");
	struct db *db = open_table(a, p->where);
	i64 start = clock_mono_ms(&clock_real);
	struct err *e;

	p->mode = PROXY_STALL;
	put(db, 1);
	e = db_commit(db, a);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, S("no answer in time")));
	assert_in_range(clock_mono_ms(&clock_real) - start, 900, 4000);
	assert_int_equal(count(db, a), 0);
	put(db, 1);
	assert_ok(db_commit(db, a));
}

TEST(a_statement_that_never_ends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_table(a, arena_printf(a, "%.*s&timeout=2", STRF(test_schema(a))));
	const struct db_query sleep = { "SLEEP", ONE, "", "i", "SELECT 1 FROM pg_sleep(60)" };
	struct db_rows rows;

	put(db, 1);
	assert_err(db_run(db, a, &sleep, DB_VALUES(), &rows), TRY_AGAIN);
	assert_err(db_commit(db, a), TRY_AGAIN);
	assert_int_equal(count(db, a), 0);
}

/* Another program locks the table, as a careless migration by hand would. */
TEST(a_locked_table)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_table(a, arena_printf(a, "%.*s&timeout=1", STRF(test_schema(a))));
	struct db *other = test_open(a, test_schema(a));
	str schema = text(db, a, "SELECT current_schema()");
	struct err *e;

	assert_ok(db_begin(other, a));
	assert_ok(db_exec(other, a, arena_printf(a, "LOCK TABLE %.*s.t", STRF(schema))));
	put(db, 1);
	e = db_commit(db, a);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, S("55P03")));
	db_rollback(other);
	put(db, 1);
	assert_ok(db_commit(db, a));
	assert_int_equal(count(db, a), 1);
}

static const struct { const char *state; enum err_code code; } raised[] = {
	{ "53100", ERR_TRY_AGAIN },   /* disk_full */
	{ "53200", ERR_TRY_AGAIN },   /* out_of_memory */
	{ "40001", ERR_TRY_AGAIN },   /* serialization_failure */
	{ "58030", ERR_TRY_AGAIN },   /* io_error */
	{ "23514", ERR_CONFLICT },    /* check_violation */
	{ "XX001", ERR_INTERNAL },    /* data_corrupted */
};

TEST(a_failing_statement_stores_nothing_and_passes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	for (size_t i = 0; i < ARRAY_LEN(raised); i++) {
		str make = arena_printf(
			a,
			"CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
			" RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$;"
			"CREATE TRIGGER fail BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.no > 100)"
			" EXECUTE FUNCTION fail()",
			raised[i].state);
		struct err *e;

		assert_ok(db_exec(db, a, make));
		put(db, 1);
		put(db, 101);
		e = db_commit(db, a);
		assert_non_null(e);
		assert_int_equal(e->code, raised[i].code);
		assert_true(str_contains(e->text, str_from(raised[i].state)));
		assert_int_equal(count(db, a), 0);
		assert_ok(db_exec(db, a, S("DROP TRIGGER fail ON t")));
	}
	put(db, 101);
	assert_ok(db_commit(db, a));
}

/* One row again and again cannot share a statement; more of them than one round takes. */
TEST(many_statements_in_a_batch)
{
	enum { TIMES = 2 * PG_SENT_MAX + 7 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	put(db, 1);
	put(db, 2);
	for (i64 i = 1; i <= TIMES; i++)
		db_queue(db, &set, DB_VALUES(V(arena_printf(a, "%lld", (long long)i)), V(1)));
	assert_ok(db_commit(db, a));
	assert_str(text(db, a, "SELECT text FROM t WHERE no = 1"),
		   arena_printf(a, "%d", TIMES));
	assert_str(text(db, a, "SELECT text FROM t WHERE no = 2"), S("x"));
}

TEST(texts_that_cannot_be_stored_are_a_fault_of_their_event)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = open_test(a);

	db_queue(db, &add, DB_VALUES(V(1), V(S("a\0b"))));
	assert_err(db_commit(db, a), INTERNAL);
	db_queue(db, &add, DB_VALUES(V(1), V(S("\xff"))));
	assert_err(db_commit(db, a), INTERNAL);
	assert_int_equal(count(db, a), 0);
}

static void be_replaced(struct arena *a, str where)
{
	struct db *db = open_table(a, where);
	struct db_rows rows;

	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	assert_ok(db_exec(db, a, S("UPDATE owner SET epoch = epoch + 1")));
	cut(a, db);
	if (!db_run(db, a, &count_all, DB_VALUES(), &rows))
		_exit(98);
}

TEST(a_broker_that_was_replaced_ends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		be_replaced(arena_new(), where);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PG_EXIT_REPLACED);
}

/* While another holds the lock a broker that was cut off only waits. */
TEST(a_broker_that_lost_the_lock_waits)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str where = test_schema(a);
	struct proxy *p = proxy_new(a, "&timeout=1");
	str own = arena_printf(a, "%.*s&schema=%.*s", STRF(p->where), STRF(proxy_param(where, S("schema="))));
	struct db *db = open_table(a, own), *second;
	struct db_rows rows;
	struct err *e;

	cut(a, db);
	second = test_open(a, where);
	assert_ok(db_exec(second, a, S("UPDATE owner SET epoch = epoch - 1"))); /* as if it had not been */
	e = db_run(db, a, &count_all, DB_VALUES(), &rows);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, S("in use by another broker")));
	assert_err(db_run(db, a, &count_all, DB_VALUES(), &rows), TRY_AGAIN); /* at once: a pause */
}

static const char *const unreachable[] = {
	"postgresql://u:hush@127.0.0.1:1/d",
	"postgresql://u:hush@/d?host=/nonexistent",
	"postgresql:///d?host=/nonexistent&password=hush",
	"postgresql://u:hush@127.0.0.1:99999/d",
	"postgresql://u:hush@127.0.0.1:hush/d",
	"postgresql://u:hush@127.0.0.1:1/d?sslmode=hush",
};

TEST(what_cannot_be_reached)
{
	for (size_t i = 0; i < ARRAY_LEN(unreachable); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct db *db = NULL;
		struct err *e = db_open(a, &db_pg, str_from(unreachable[i]), &db);

		assert_non_null(e);
		assert_null(db);
		if (str_contains(e->text, S("hush")))
			fail_msg("%s: %.*s", unreachable[i], STRF(e->text));
	}
}

static const char *const unreadable[] = {
	"postgresql://u:hush@h/d?no_such_word=1",
	"postgresql://u:hush%zz@h/d",
	"postgresql://[u:hush",
};

TEST(what_cannot_be_read)
{
	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct db *db = NULL;
		struct err *e = db_open(a, &db_pg, str_from(unreadable[i]), &db);

		assert_err(e, BAD_REQUEST);
		assert_false(str_contains(e->text, S("hush")));
	}
}

TEST(a_password_over_tcp)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str url = str_from(getenv("CLAUDEMESH_TEST_PG_TCP")), rest, password;
	str where = arena_printf(a, "%.*s&schema=tcp%ld", STRF(url), (long)getpid());
	char *wrong = arena_cstr(a, where);
	struct db *db = open_table(a, where), *refused = NULL;
	struct err *e;

	put(db, 1);
	assert_ok(db_commit(db, a));
	rest = str_skip(url, sizeof("postgresql://mesh:") - 1);
	assert_true(str_cut(&rest, '@', &password));
	wrong[sizeof("postgresql://mesh:") - 1] = 'z';
	e = db_open(a, &db_pg, str_from(wrong), &refused);
	assert_err(e, TRY_AGAIN);
	assert_true(str_contains(e->text, S("password authentication failed")));
	assert_false(str_contains(e->text, str_skip(password, 1)));
}

static str other_database(struct arena *a, const char *name, const char *parameters)
{
	struct db *db = test_open(a, test_schema(a));
	str url = str_from(getenv("CLAUDEMESH_TEST_PG"));

	assert_ok(db_exec(db, a, arena_printf(a, "CREATE DATABASE %s TEMPLATE template0 %s", name, parameters)));
	return arena_printf(a, "postgresql://mesh@/%s%.*s", name, STRF(str_skip(url, (size_t)str_index(url, '?'))));
}

TEST(a_database_without_utf8)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str name = arena_printf(a, "latin_%ld", (long)getpid());
	str where = other_database(a, name.ptr, "ENCODING 'LATIN1'");
	struct db *db = NULL;
	struct err *e = db_open(a, &db_pg, where, &db);

	assert_err(e, IO);
	assert_true(str_contains(e->text, S("LATIN1")) && str_contains(e->text, S("-E UTF8")));
}

TEST(a_user_who_may_not_make_the_schema)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db *db = test_open(a, test_schema(a)), *refused = NULL;
	str name = arena_printf(a, "poor%ld", (long)getpid());
	str url = str_from(getenv("CLAUDEMESH_TEST_PG"));
	str query = str_skip(url, (size_t)str_index(url, '?'));
	str where = arena_printf(a, "postgresql://%s@/postgres%.*s&schema=%s", name.ptr, STRF(query), name.ptr);
	struct err *e;

	assert_ok(db_exec(db, a, arena_printf(a, "CREATE ROLE %s LOGIN", name.ptr)));
	e = db_open(a, &db_pg, where, &refused);
	assert_err(e, IO);
	assert_true(str_contains(e->text, S("permission denied")));
	/* One that an administrator has made for it will do. */
	assert_ok(db_exec(db, a, arena_printf(a, "CREATE SCHEMA %s AUTHORIZATION %s", name.ptr, name.ptr)));
	test_open(a, where);
}

TEST_MAIN("db/pg")
