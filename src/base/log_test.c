#include "base/log.h"
#include "base/test.h"

#include <unistd.h>

/* Runs one log line through a pipe and returns it. */
static str logged(struct arena *a, enum log_format format, str value)
{
	int fds[2];
	char line[1024];
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	log_setup(LOG_INFO, format, fds[1], "test");
	log_debug("not shown");
	log_info("said", LOG_S("value", value), LOG_I("n", -3));
	n = read(fds[0], line, sizeof(line));
	assert_true(n > 0);
	close(fds[0]);
	close(fds[1]);
	log_setup(LOG_INFO, LOG_TEXT, STDERR_FILENO, "test");
	return arena_dup(a, str_of(line, (size_t)n));
}

TEST(json_lines)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str line = logged(a, LOG_JSON, S("a\"b\n\xff"));

	assert_true(str_contains(line, S("\"level\":\"info\",\"component\":\"test\",\"msg\":\"said\"")));
	assert_true(str_ends(line, S("\"value\":\"a\\\"b\\u000a\\u00ff\",\"n\":-3}\n")));
}

TEST(text_lines_cannot_be_forged)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str line = logged(a, LOG_TEXT, S("x\n2026-01-01 info forged"));

	assert_int_equal(str_index(line, '\n'), line.len - 1);
}

TEST(text_cannot_steer_a_terminal)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str line = logged(a, LOG_JSON, S("\xc2\x9b" "31m \xe2\x80\xa8 \xe2\x80\xae \xe2\x81\xa6 \xc3\xa4 \xe2\x82\xac"));

	assert_true(str_contains(line, S("\"\\u009b31m \\u2028 \\u202e \\u2066 \xc3\xa4 \xe2\x82\xac\"")));
	line = logged(a, LOG_TEXT, S("\x1b[2J\xc2\x85"));
	assert_true(str_contains(line, S("\"\\u001b[2J\\u0085\"")));
}

TEST(lines_of_a_request_bear_its_id)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	log_request(S("0123456789abcdef"));
	assert_true(str_contains(logged(a, LOG_JSON, S("x")), S("\"msg\":\"said\",\"request\":\"0123456789abcdef\",\"value\"")));
	assert_true(str_contains(logged(a, LOG_TEXT, S("x")), S(" said request=\"0123456789abcdef\" value=")));
	log_request(STR_NONE);
	assert_false(str_contains(logged(a, LOG_JSON, S("x")), S("request")));
}

TEST_MAIN("base/log")
