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

TEST(c_25_the_daemon_does_not_live_in_a_launched_sessions_directory)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str session = test_dir(a), user = test_dir(a), home = test_dir(a);
	struct paths p;

	setenv("HOME", arena_cstr(a, home), 1);
	setenv("CLAUDEMESH_CONFIG_DIR", arena_cstr(a, session), 1);
	unsetenv("CLAUDEMESH_USER_DIR");
	assert_ok(paths_user_from_env(a, &p));
	assert_str(p.dir, session); /* the user's own choice */
	test_write(a, arena_printf(a, "%.*s/session-token", STRF(session)), S("x"), 0600);
	assert_ok(paths_user_from_env(a, &p));
	assert_str(p.dir, arena_printf(a, "%.*s/.claudemesh", STRF(home)));
	setenv("CLAUDEMESH_USER_DIR", arena_cstr(a, user), 1);
	assert_ok(paths_user_from_env(a, &p));
	assert_str(p.dir, user);
	assert_str(p.daemon, arena_printf(a, "%.*s/daemon", STRF(user)));
	assert_str(p.sessions, arena_printf(a, "%.*s/sessions", STRF(user)));
	/* The session's own calls know its mesh only; what they write is not lost with it. */
	assert_ok(paths_from_env(a, &p));
	assert_str(p.config, arena_printf(a, "%.*s/config.json", STRF(session)));
	assert_str(p.dir, user);
	assert_str(p.keys, arena_printf(a, "%.*s/keys", STRF(user)));
	assert_str(p.lock, arena_printf(a, "%.*s/config.lock", STRF(user)));
}

TEST_MAIN("client/paths")
