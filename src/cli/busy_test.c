#include "cli/busy.h"
#include "base/test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static void pipe_open(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* What comes within the time, at most one piece. */
static str heard(int fd, char *text, size_t max, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return STR_NONE;
	n = read(fd, text, max);
	return str_of(text, n > 0 ? (size_t)n : 0);
}

TEST(what_is_quick_is_not_told)
{
	char text[256];
	int ends[2];

	pipe_open(ends);
	busy_start(ends[1], true, "asking");
	busy_stop();
	busy_stop();
	assert_int_equal(heard(ends[0], text, sizeof(text), 0).len, 0);
	close(ends[0]);
	close(ends[1]);
}

TEST(what_is_slow_is_told_and_taken_away)
{
	char text[256];
	int ends[2];
	str got;

	pipe_open(ends);
	busy_start(ends[1], true, "asking");
	busy_start(ends[1], true, "twice");
	got = heard(ends[0], text, sizeof(text), 10 * BUSY_AFTER_MS);
	assert_true(str_starts(got, S("\r")));
	assert_true(str_contains(got, S("asking…")));
	busy_stop();
	close(ends[1]);
	while (!str_empty(got)) {
		str more = heard(ends[0], text, sizeof(text), 1000);

		if (str_empty(more))
			break;
		got = more;
	}
	assert_true(str_ends(got, S("\r\x1b[K")));
	close(ends[0]);
}

TEST(a_dumb_terminal_gets_one_line)
{
	char text[256];
	int ends[2];

	pipe_open(ends);
	busy_start(ends[1], false, "asking");
	assert_str(heard(ends[0], text, sizeof(text), 10 * BUSY_AFTER_MS), S("  · asking…\n"));
	busy_stop();
	close(ends[1]);
	assert_int_equal(heard(ends[0], text, sizeof(text), 0).len, 0);
	close(ends[0]);
}

TEST_MAIN("cli/busy")
