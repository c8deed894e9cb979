/*
 * query_test.c - every text prepares, no two rows share a name, and no query that runs
 * often walks a whole table or sorts.
 */
#include "store/fixture_test.h"

TEST(every_query_prepares)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	for (size_t i = 0; i < QUERY_COUNT; i++) {
		assert_ok(db_prepare(f->db, a, &store_queries[i]));
		assert_int_equal(store_queries[i].slot, i);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(store_queries[i].name, store_queries[k].name);
	}
}

/* Small tables, sweeps, what is read once when starting, when a mesh is loaded or a session is over. */
static const enum query_no rare[] = { Q_NUMBERS, Q_MESH_NUMBERS, Q_RUNS, Q_MAILBOXES_IDLE, Q_MEMBERS,
				     Q_MAILBOXES, Q_INVITES, Q_RECEIPT_ENDS_PRUNE, Q_EXPIRING,
				     Q_BACKLOG_OF_MAILBOXES, Q_BACKLOG_OF_SENDERS, Q_BACKLOG_COVERED,
				     Q_GRANTS, Q_TOPICS, Q_TOPIC_MEMBERS };

static bool is_rare(size_t q)
{
	for (size_t i = 0; i < ARRAY_LEN(rare); i++)
		if (rare[i] == q)
			return true;
	return false;
}

static void check_plan(struct fixture *f, size_t q)
{
	const struct db_query *query = &store_queries[q];
	str sql = arena_printf(f->a, "EXPLAIN QUERY PLAN %s", query->sql);
	struct db_query explain = { query->name, QUERY_COUNT, query->binds, "iiis", sql.ptr };
	size_t n = strlen(query->binds);
	struct db_value *values = NEW_ARRAY(f->a, struct db_value, n);
	struct db_rows rows;

	for (size_t i = 0; i < n; i++)
		values[i] = query->binds[i] == 'i' ? V(1) : db_null();
	assert_ok(db_run(f->db, f->a, &explain, values, n, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		str step = db_row(&rows, i)[3].s;

		if (!is_rare(q) && !str_eq(step, S("SCAN CONSTANT ROW")) &&
		    (str_starts(step, S("SCAN")) || str_contains(step, S("TEMP B-TREE"))))
			fail_msg("%s: %.*s", query->name, STRF(step));
	}
}

TEST(d_37_no_query_walks_a_table)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);

	for (size_t q = 0; q < QUERY_COUNT && !test_is("pg"); q++) /* those: plan_pg_test.c */
		check_plan(f, q);
}

/* Every parameter of a mesh's query is there to keep meshes apart; these need none. */
static const char *const any_mesh[] = {
	"NUMBERS",
	"NUMBER_RESERVE",
	"MESH_ADD",
	"MESH_BY_ID",
	"MESH_BY_NO",
	"MESH_BY_SLUG",
	"MESH_KEYS_SET",
	"MESH_ARCHIVE",
	"MESH_RENAME",
	"MESHES",
	"INVITE_BY_CODE",
	"INVITE_BY_TOKEN",
	"INVITE_BY_ID",
	"INVITES_MAILED",
	"JOB",
	"JOBS_DUE",
	"JOB_CLAIM",
	"JOB_END",
	"JOBS_PRUNE",
	"MAILBOXES_IDLE",
	"EXPIRING",
	"MESH_NUMBERS",
	"RECEIPT_KEYS",
	"RECEIPT_AGES",
	"RUN_DONE",
	"RUNS",
	"RUN_CONTENTS",
	"RUN_FIND",
	"RUN_KEYS_PRUNE",
	"RUN_DROP",
	"PING", "PROBE", "SECRET",
	"RECEIPTS_PRUNE",
	"RECEIPT_ENDS_PRUNE",
	"SIGNATURE_ADD",
	"SIGNATURES",
	"SIGNATURES_PRUNE",
	"API_KEY",
	"DEVICE_CODE",
	/* Of people, who are in many. */
	"ACCOUNT", "ACCOUNTS", "ACCOUNT_BLOCK", "SESSIONS_REVOKE_OF", "ACCOUNT_BY_EMAIL", "ACCOUNT_NAME_SET", "ACCOUNT_MEMBERS", "SESSION",
	"SESSION_BY_DIGEST", "SESSIONS", "SESSION_COUNT", "SESSION_REVOKE", "SESSION_SEEN",
	"SESSIONS_PRUNE", "LOGIN_CODE", "LOGIN_CODE_TRIED", "LOGIN_CODE_DROP", "LOGIN_CODES_PRUNE",
	"LOGIN_DEVICE", "LOGIN_DEVICE_BY_SESSION", "LOGIN_DEVICE_BY_USER", "LOGIN_DEVICE_SET",
	"LOGIN_DEVICES_PRUNE",
};

TEST(a_query_names_its_mesh)
{
	for (size_t q = 0; q < QUERY_COUNT; q++) {
		str sql = str_from(store_queries[q].sql);
		bool named = str_contains(sql, S("mesh_no = $")) || str_starts(sql, S("INSERT"));

		for (size_t i = 0; i < ARRAY_LEN(any_mesh); i++)
			named = named || strcmp(any_mesh[i], store_queries[q].name) == 0;
		if (!named)
			fail_msg("%s", store_queries[q].name);
	}
}

TEST(migrations_are_numbered_and_sealed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_true(store_migrations_n > 0);
	for (size_t i = 0; i < store_migrations_n; i++) {
		assert_true(str_starts(str_from(store_migrations[i].name),
				       arena_printf(a, "%04zu_", i + 1)));
		assert_true(str_is_hex(str_from(store_migrations[i].checksum), 32, true));
	}
}

TEST_MAIN("store/query")
