/*
 * plan_pg_test.c - PostgreSQL's plans: every query goes by an index, alone and for many rows
 * at once, and nothing that runs often is sorted. query_test.c does the same for SQLite.
 */
#include "db/shape.h"
#include "store/fixture_test.h"

enum { SLOT = QUERY_COUNT };

/* A small table, and sweeps (some with a limit): these may walk. */
static const char *const walk[] = { "NUMBERS", "MESH_NUMBERS", "RUNS", "MAILBOXES_IDLE",
				    "RECEIPT_ENDS_PRUNE", "EXPIRING" };
/* Read once when a mesh is loaded, or few rows: these may sort. */
static const char *const sort[] = { "MEMBERS", "MAILBOXES", "INVITES", "RECEIPT_ENDS", "RECEIPT_WAITS",
				    "MESH_NUMBERS", "RUNS", "EXPIRING",
				    "BACKLOG_OF_MAILBOXES", "BACKLOG_OF_SENDERS", "BACKLOG_COVERED",
				    "TOPICS", "TOPIC_MEMBERS" };

static bool stands_in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static const char *type_name(char bind, bool many)
{
	switch (bind) {
	case 'i': return many ? "bigint[]" : "bigint";
	case 's': return many ? "text[]" : "text";
	}
	return many ? "bytea[]" : "bytea";
}

/* The plan that serves every value, as lines. */
static struct db_rows plan(struct fixture *f, const struct db_query *q, str sql, bool many)
{
	str types = S(""), nulls = S("");
	struct db_query explain = { q->name, SLOT, "", "s", NULL };
	struct db_rows rows;

	for (size_t i = 0; q->binds[i]; i++) {
		types = arena_printf(f->a, "%.*s%s%s", STRF(types), i ? ", " : "",
				     type_name(q->binds[i], many));
		nulls = arena_printf(f->a, "%.*s%s", STRF(nulls), i ? ", NULL" : "NULL");
	}
	if (types.len) {
		types = arena_printf(f->a, "(%.*s)", STRF(types));
		nulls = arena_printf(f->a, "(%.*s)", STRF(nulls));
	}
	assert_ok(db_exec(f->db, f->a, arena_printf(f->a, "PREPARE p %.*s AS %.*s", STRF(types), STRF(sql))));
	explain.sql = arena_printf(f->a, "EXPLAIN EXECUTE p %.*s", STRF(nulls)).ptr;
	assert_ok(db_run(f->db, f->a, &explain, DB_VALUES(), &rows));
	assert_ok(db_exec(f->db, f->a, S("DEALLOCATE p")));
	return rows;
}

/* An index scan without a condition walks the whole index. */
static bool walks(const struct db_rows *rows, size_t i)
{
	str line = db_row(rows, i)[0].s;

	if (str_contains(line, S("Seq Scan")))
		return true;
	if (!str_contains(line, S("Index Scan")) && !str_contains(line, S("Index Only Scan")))
		return false;
	return i + 1 == rows->n || !str_contains(db_row(rows, i + 1)[0].s, S("Index Cond"));
}

/* An incremental sort only puts ties in order. */
static bool sorts(str line)
{
	return str_contains(line, S("Sort  (")) && !str_contains(line, S("Incremental"));
}

static void check(struct fixture *f, const struct db_query *q, str sql, bool many)
{
	bool may_walk = stands_in(q->name, walk, ARRAY_LEN(walk));
	bool may_sort = stands_in(q->name, sort, ARRAY_LEN(sort));
	struct db_rows rows = plan(f, q, sql, many);

	for (size_t i = 0; i < rows.n; i++) {
		if ((may_walk || !walks(&rows, i)) && (may_sort || !sorts(db_row(&rows, i)[0].s)))
			continue;
		for (size_t k = 0; k < rows.n; k++)
			print_error("%.*s\n", STRF(db_row(&rows, k)[0].s));
		fail_msg("%s", q->name);
	}
}

TEST(no_query_walks_a_table)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct shape_tables tables = { .arena = a };

	for (size_t i = 0; i < QUERY_COUNT; i++) {
		const struct db_query *q = &store_queries[i];
		struct shape shape;

		check(f, q, str_from(q->sql), false);
		assert_ok(shape_read(a, &tables, q, &shape));
		if (shape.many.len)
			check(f, q, shape.many, true);
	}
}

/* The writes of every message, whose speed lives from going many at a time. */
static const enum query_no hot[] = { Q_RECEIPT_ADD,  Q_RECEIPT_END_ADD, Q_MESSAGE_ADD,  Q_DELIVERY_ADD,
				     Q_DELIVERY_END, Q_MESSAGE_END,
				     Q_MAILBOX_SEEN, Q_MEMBER_SEEN, Q_SIGNATURE_ADD };

TEST(hot_writes_go_many_at_a_time)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct shape_tables tables = { .arena = a };

	for (size_t i = 0; i < ARRAY_LEN(hot); i++) {
		struct shape shape;

		assert_ok(shape_read(a, &tables, &store_queries[hot[i]], &shape));
		if (!shape.many.len)
			fail_msg("%s", store_queries[hot[i]].name);
	}
}

TEST_MAIN("store/plan-pg")
