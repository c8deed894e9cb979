#include "client/paths.h"

#include "client/test_dir.h"

TEST(the_variable_wins_if_it_names_a_directory)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str dir = test_dir(a);
	struct paths p;

	assert_ok(paths_find(a, arena_printf(a, "%.*s//", STRF(dir)), S("/home/x"), &p));
	assert_str(p.dir, dir);
	assert_str(p.config, arena_printf(a, "%.*s/config.json", STRF(dir)));
	assert_str(p.keys, arena_printf(a, "%.*s/keys", STRF(dir)));
	assert_true(str_empty(p.ignored));
}

TEST(a_variable_that_names_no_directory_is_reported_and_ignored)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str file = arena_printf(a, "%.*s/file", STRF(test_dir(a)));
	const str wrong[] = { S("/nonexistent/claudemesh"), file };
	struct paths p;

	test_write(a, file, S("x"), 0600);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_ok(paths_find(a, wrong[i], S("/home/x/"), &p));
		assert_str(p.dir, S("/home/x/.claudemesh"));
		assert_str(p.ignored, wrong[i]);
	}
	assert_err(paths_find(a, wrong[0], STR_NONE, &p), BAD_REQUEST);
	assert_err(paths_find(a, STR_NONE, STR_NONE, &p), BAD_REQUEST);
}

TEST(directories_are_made_private_and_tightened)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p;

	assert_ok(paths_find(a, STR_NONE, test_dir(a), &p));
	assert_ok(paths_make(a, &p));
	assert_int_equal(test_mode(a, p.dir), 0700);
	assert_int_equal(test_mode(a, p.keys), 0700);
	assert_int_equal(chmod(arena_cstr(a, p.dir), 0755), 0);
	assert_ok(paths_make(a, &p));
	assert_int_equal(test_mode(a, p.dir), 0700);
}

TEST(a_file_in_the_way_is_an_error)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p;

	assert_ok(paths_find(a, STR_NONE, test_dir(a), &p));
	test_write(a, p.dir, S("x"), 0600);
	assert_says(paths_make(a, &p), "not a directory");
}

TEST_MAIN("client/paths")
