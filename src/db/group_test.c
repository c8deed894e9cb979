#include "db/group.h"

#include "base/test.h"

enum { ADD, GIVE, END, LAST, SEEN, PUT, KINDS };

static const struct db_query queries[KINDS] = {
	{ "A", ADD, "i", "", "INSERT INTO message (no) VALUES ($1)" },
	{ "D", GIVE, "i", "", "INSERT INTO delivery (no) VALUES ($1) ON CONFLICT DO NOTHING" },
	{ "E", END, "i", "", "DELETE FROM delivery WHERE no = $1" },
	{ "L", LAST, "i", "",
	  "DELETE FROM message WHERE no = $1 AND NOT EXISTS (SELECT 1 FROM delivery)" },
	{ "S", SEEN, "i", "", "UPDATE member SET n = 1 WHERE no = $1" },
	{ "P", PUT, "i", "", "INSERT INTO pair (no) SELECT no FROM member WHERE no = $1" },
};

static int kind_of(char c)
{
	for (int i = 0; i < KINDS; i++)
		if (queries[i].name[0] == c)
			return i;
	abort();
}

/* "A1 D1 A2" -> "A12 D1": letters are queries, digits the parameter. */
static str grouped(struct arena *a, str text)
{
	struct db_write writes[64];
	struct shape shapes[KINDS];
	const struct shape *by_slot[DB_SLOT_MAX] = { NULL };
	struct shape_tables tables = { .arena = a };
	struct group *groups;
	size_t n = 0, n_groups;
	str part, out = S("");

	for (int i = 0; i < KINDS; i++) {
		assert_ok(shape_read(a, &tables, &queries[i], &shapes[i]));
		by_slot[i] = &shapes[i];
	}
	while (str_cut(&text, ' ', &part)) {
		struct db_value *v = NEW(a, struct db_value);

		*v = V(part.ptr[1] - '0');
		writes[n++] = (struct db_write){ &queries[kind_of(part.ptr[0])], v };
	}
	n_groups = group_writes(a, writes, n, by_slot, &groups);
	for (size_t i = 0; i < n_groups; i++) {
		out = arena_printf(a, "%.*s%s%s", STRF(out), i ? " " : "", groups[i].query->name);
		for (const struct group_row *r = groups[i].first; r; r = r->next)
			out = arena_printf(a, "%.*s%lld", STRF(out), (long long)r->write->values[0].i);
	}
	return out;
}

static const struct { const char *writes, *groups; } cases[] = {
	{ "A1", "A1" },
	{ "A1 D1 A2 D2 A3 D3", "A123 D123" },
	{ "A1 D1 E1 A2 D2 E2", "A12 D1 E1 D2 E2" },      /* a delivery may come back */
	{ "E1 L1 E2 L2", "E1 L1 E2 L2" },                /* whether L1 deletes depends on E2 */
	{ "E1 E2 L1 L2", "E12 L12" },
	{ "A1 L1 A2", "A1 L1 A2" },
	{ "S1 A1 S2 A2 S1 S3", "S12 A12 S13" },          /* a row changes once a statement */
	{ "P1 P2 A1 P3", "P1 P2 A1 P3" },                /* has no text for many */
	{ "P1 S1 P1", "P1 S1 P1" },
	{ "S1 P1 S2", "S1 P1 S2" },
};

TEST(order_is_kept_where_it_matters)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();

		assert_str(grouped(a, str_from(cases[i].writes)), str_from(cases[i].groups));
	}
}

TEST(a_group_has_a_limit)
{
	enum { N = 2 * GROUP_ROWS_MAX + 1 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct db_write *writes = NEW_ARRAY(a, struct db_write, N);
	struct db_value one = V(1);
	struct shape_tables tables = { .arena = a };
	struct shape shape;
	const struct shape *by_slot[DB_SLOT_MAX] = { &shape };
	struct group *groups;

	assert_ok(shape_read(a, &tables, &queries[ADD], &shape));
	for (size_t i = 0; i < N; i++)
		writes[i] = (struct db_write){ &queries[ADD], &one };
	assert_int_equal(group_writes(a, writes, N, by_slot, &groups), 3);
	assert_int_equal(groups[0].n, GROUP_ROWS_MAX);
	assert_int_equal(groups[2].n, 1);
}

TEST(nothing_gives_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct shape *by_slot[DB_SLOT_MAX] = { NULL };
	struct group *groups;

	assert_int_equal(group_writes(a, NULL, 0, by_slot, &groups), 0);
}

TEST_MAIN("db/group")
