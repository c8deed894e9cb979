#include "client/file.h"

#include "client/test_dir.h"

static str path_in(struct arena *a, const char *name)
{
	return arena_printf(a, "%.*s/%s", STRF(test_dir(a)), name);
}

TEST(what_was_written_is_read_and_private)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = path_in(a, "f"), got;
	mode_t before = umask(0);

	assert_ok(file_read_private(a, path, &got));
	assert_null(got.ptr);
	assert_ok(file_write_private(a, path, S("one")));
	assert_ok(file_write_private(a, path, S("two")));
	assert_ok(file_read_private(a, path, &got));
	assert_str(got, S("two"));
	assert_int_equal(test_mode(a, path), 0600);
	umask(before);
	assert_ok(file_remove(a, path));
	assert_ok(file_remove(a, path));
}

TEST(a_file_that_others_can_read_or_write_is_refused_with_the_remedy)
{
	static const mode_t modes[] = { 0644, 0640, 0620, 0606, 0604, 0602, 0601, 0777 };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = path_in(a, "f"), got;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct err *e;

		test_write(a, path, S("secret"), modes[i]);
		e = file_read_private(a, path, &got);
		assert_err(e, FORBIDDEN);
		assert_says(e, arena_printf(a, "chmod 600 '%.*s'", STRF(path)).ptr);
	}
	test_write(a, path, S("secret"), 0400);
	assert_ok(file_read_private(a, path, &got));
}

TEST(what_is_no_plain_file_is_refused_and_does_not_hang)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str path = path_in(a, "fifo"), got;

	assert_int_equal(mkfifo(arena_cstr(a, path), 0600), 0);
	assert_err(file_read_private(a, path, &got), FORBIDDEN);
	assert_err(file_read_private(a, S("/"), &got), FORBIDDEN);
}

TEST(a_failed_write_leaves_the_old_content_and_no_litter)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str dir = test_dir(a), path = arena_printf(a, "%.*s/d", STRF(dir));
	struct err *e;

	/* The target is a directory: the rename fails after all was written. */
	assert_int_equal(mkdir(arena_cstr(a, path), 0700), 0);
	e = file_write_private(a, path, S("x"));
	assert_err(e, IO);
	assert_says(e, "cannot write");
	assert_int_equal(rmdir(arena_cstr(a, path)), 0);
	assert_int_equal(rmdir(arena_cstr(a, dir)), 0); /* so nothing else was in it */
	assert_err(file_write_private(a, S("/nonexistent/x"), S("x")), IO);
}

TEST(a_lock_is_held_by_one_and_waited_for_with_a_deadline)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(arena_freep) struct arena *b = arena_new();
	str path = path_in(a, "lock");
	struct file_lock *first, *second;

	assert_ok(file_lock(a, path, 0, &first));
	assert_err(file_lock(b, path, 1, &second), TRY_AGAIN);
	file_unlock(first);
	file_unlock(first);
	assert_ok(file_lock(b, path, 1, &second));
	arena_reset(b);
	assert_ok(file_lock(a, path, 1, &first));
}

TEST(a_private_directory_is_made_and_closed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str dir = test_dir(a), path = arena_printf(a, "%.*s/d", STRF(dir));
	str other = arena_printf(a, "%.*s/link", STRF(dir));

	assert_ok(file_make_private_dir(a, path));
	assert_int_equal(test_mode(a, path), 0700);
	assert_int_equal(chmod(arena_cstr(a, path), 0755), 0);
	assert_ok(file_make_private_dir(a, path));
	assert_int_equal(test_mode(a, path), 0700);
	assert_int_equal(symlink(arena_cstr(a, path), arena_cstr(a, other)), 0);
	assert_err(file_make_private_dir(a, other), FORBIDDEN);
	test_write(a, arena_printf(a, "%.*s/file", STRF(dir)), S("x"), 0600);
	assert_err(file_make_private_dir(a, arena_printf(a, "%.*s/file", STRF(dir))), FORBIDDEN);
}

TEST_MAIN("client/file")
