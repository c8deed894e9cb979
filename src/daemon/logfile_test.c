#include "daemon/logfile.h"

#include <fcntl.h>

#include "base/log.h"
#include "client/file.h"
#include "client/test_dir.h"

struct saved { int out, err; };

static struct saved save(void)
{
	fflush(stdout);
	return (struct saved){ dup(1), dup(2) };
}

static void restore(const struct saved *s)
{
	fflush(stdout);
	dup2(s->out, 1);
	dup2(s->err, 2);
	close(s->out);
	close(s->err);
}

static struct place place_of(struct arena *a)
{
	struct paths p = test_paths(a);
	struct place pl;

	p.daemon = p.dir;
	assert_ok(place_find(a, &p, STR_NONE, &pl));
	return pl;
}

TEST(it_is_put_aside_when_it_is_long)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = place_of(a);
	struct saved saved = save();
	str log = STR_NONE, old = STR_NONE;
	bool ok = !logfile_open(a, &pl);

	ok = ok && write(2, "first\n", 6) == 6;
	logfile_rotate(&pl, 100);
	ok = ok && write(1, "second\n", 7) == 7;
	logfile_rotate(&pl, 10);
	ok = ok && write(2, "third\n", 6) == 6;
	restore(&saved);
	assert_true(ok);
	assert_ok(file_read_private(a, pl.log, &log));
	assert_ok(file_read_private(a, pl.old_log, &old));
	assert_str(log, S("third\n"));
	assert_str(old, S("first\nsecond\n"));
}

TEST(a_removed_log_is_begun_anew)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = place_of(a);
	struct saved saved = save();
	str log = STR_NONE;
	bool ok = !logfile_open(a, &pl) && unlink(pl.log.ptr) == 0;

	logfile_rotate(&pl, 1 << 20);
	ok = ok && write(2, "x\n", 2) == 2;
	restore(&saved);
	assert_true(ok);
	assert_ok(file_read_private(a, pl.log, &log));
	assert_str(log, S("x\n"));
}

TEST(only_a_plain_file_of_ours)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl = place_of(a);

	assert_int_equal(symlink("/tmp/x", pl.log.ptr), 0);
	assert_err(logfile_open(a, &pl), IO);
	assert_int_equal(unlink(pl.log.ptr), 0);
	assert_int_equal(mkfifo(pl.log.ptr, 0600), 0);
	assert_non_null(logfile_open(a, &pl));
}

TEST_MAIN("daemon/logfile")
