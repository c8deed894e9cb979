/*
 * standing_test.c - who was put out is known after a restart, of which key and connection, and no
 * file makes it worse than not knowing.
 */
#include "daemon/standing.h"

#include <stdio.h>

#include "base/test.h"
#include "client/file.h"
#include "client/test_dir.h"

#define KEY_A S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
#define KEY_B S("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
#define SESSION S("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc")

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str file_in(struct arena *a)
{
	return arena_printf(a, "%.*s/standing.json", STRF(test_dir(a)));
}

TEST(what_is_put_is_there_after_a_restart)
{
	ARENA;
	str path = file_in(a);
	struct standing *st = standing_open(path);
	const struct outcast *o;

	assert_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
	standing_put(st, &(struct outcast){ S("m1"), KEY_A, SESSION, S("kicked"), S("why"), 7 });
	standing_put(st, &(struct outcast){ S("m2"), KEY_A, STR_NONE, S("banned"), S("You've been removed"), 8 });
	standing_free(st);
	st = standing_open(path);
	/* A kick is of one session, a ban of all. */
	assert_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
	o = standing_get(st, S("m1"), KEY_A, SESSION);
	assert_str(o->word, S("kicked"));
	assert_int_equal(o->at_ms, 7);
	assert_str(standing_get(st, S("m2"), KEY_A, SESSION)->why, S("You've been removed"));
	assert_str(standing_get(st, S("m2"), KEY_A, STR_NONE)->word, S("banned"));
	/* Who joined anew has another key. */
	assert_null(standing_get(st, S("m2"), KEY_B, STR_NONE));
	standing_drop(st, S("m1"), SESSION);
	standing_drop(st, S("m1"), STR_NONE);
	assert_true(standing_drop_mesh(st, S("m2")));
	assert_false(standing_drop_mesh(st, S("m2")));
	standing_free(st);
	st = standing_open(path);
	assert_null(standing_get(st, S("m1"), KEY_A, SESSION));
	assert_null(standing_get(st, S("m2"), KEY_A, STR_NONE));
	standing_free(st);
}

TEST(a_kick_of_the_member_is_none_of_its_sessions)
{
	ARENA;
	struct standing *st = standing_open(file_in(a));

	standing_put(st, &(struct outcast){ S("m1"), KEY_A, STR_NONE, S("kicked"), S("why"), 7 });
	assert_non_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
	assert_null(standing_get(st, S("m1"), KEY_A, SESSION));
	/* The later word counts, once. */
	standing_put(st, &(struct outcast){ S("m1"), KEY_A, STR_NONE, S("banned"), S("why"), 8 });
	assert_str(standing_get(st, S("m1"), KEY_A, SESSION)->word, S("banned"));
	standing_drop(st, S("m1"), STR_NONE);
	assert_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
	standing_free(st);
}

TEST(of_more_than_there_is_room_for_the_oldest_goes)
{
	ARENA;
	str path = arena_printf(a, "%.*s/no/such/dir/standing.json", STRF(test_dir(a)));
	struct standing *st = standing_open(path);
	char id[16];

	/* Nor does a disk that takes nothing. */
	for (int i = 0; i <= STANDING_MAX; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		standing_put(st, &(struct outcast){ str_from(id), KEY_A, STR_NONE, S("banned"), S(""), i });
	}
	assert_null(standing_get(st, S("m0"), KEY_A, STR_NONE));
	assert_non_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
	standing_free(st);
}

static const char *const damaged[] = {
	"", "{", "[]", "{\"version\":2,\"outcasts\":[]}", "{\"version\":1,\"outcasts\":[{}]}",
	"{\"version\":1,\"outcasts\":[{\"meshId\":\"m1\",\"memberPubkey\":\"x\",\"word\":\"banned\",\"atMs\":1}]}",
	"{\"version\":1,\"outcasts\":7}", "\xff\xfe",
};

TEST(a_file_that_makes_no_sense_is_none)
{
	ARENA;
	str path = file_in(a);

	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct standing *st;

		assert_ok(file_write_private(a, path, str_from(damaged[i])));
		st = standing_open(path);
		assert_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
		standing_put(st, &(struct outcast){ S("m1"), KEY_A, STR_NONE, S("banned"), S(""), 1 });
		standing_free(st);
		st = standing_open(path);
		assert_non_null(standing_get(st, S("m1"), KEY_A, STR_NONE));
		standing_free(st);
	}
}

TEST_MAIN("daemon/standing")
