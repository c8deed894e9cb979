#include "net/lines.h"

#include <pthread.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/test.h"

enum { LINE_MAX_ = 100, WAIT_MS = 5000 };

struct seen {
	struct buf text;      /* lines, each with '|' behind it; '!' for one too long */
	bool ended;
};

static void on_line(void *arg, str line)
{
	struct seen *s = arg;

	buf_add(&s->text, line);
	buf_add_byte(&s->text, '|');
}

static void on_too_long(void *arg)
{
	struct seen *s = arg;

	buf_add_byte(&s->text, '!');
}

static void on_end(void *arg)
{
	struct seen *s = arg;

	s->ended = true;
}

static const struct lines_handler handler = { on_line, on_too_long, on_end };

static void fill(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void turn_until(struct loop *l, const bool *done)
{
	for (i64 end = loop_now_ms(l) + WAIT_MS; !*done && loop_now_ms(l) < end;)
		loop_turn(l, 100);
	assert_true(*done);
}

TEST(lines_come_whole_whatever_the_pieces)
{
	static const char *const cases[][2] = {
		{ "a\nb\n", "a|b|" }, { "a\n\nb", "a||b|" }, { "", "" }, { "\n", "|" }, { "no newline", "no newline|" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789X\nb\n",
		  "!b|" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n",
		  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789|" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		CLEANUP(loop_freep) struct loop *l = NULL;
		struct seen seen = { .text = buf_make(1 << 20) };
		struct lines *ls = NULL;
		int fds[2];

		assert_ok(loop_new(a, &l));
		assert_int_equal(pipe(fds), 0);
		assert_ok(lines_new(a, l, fds[0], LINE_MAX_, &handler, &seen, &ls));
		fill(fds[1], cases[i][0]);
		close(fds[1]);
		turn_until(l, &seen.ended);
		assert_str(buf_str(&seen.text), str_from(cases[i][1]));
		lines_free(ls);
		close(fds[0]);
		buf_done(&seen.text);
	}
}

static void *write_much(void *arg)
{
	int fd = *(int *)arg;
	char line[1001];

	memset(line, 'x', sizeof(line));
	line[50] = line[1000] = '\n'; /* a short line and one that is too long */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(write(fd, line, sizeof(line)), sizeof(line));
	close(fd);
	return NULL;
}

TEST(a_megabyte_of_lines_that_are_too_long_costs_one_line_of_memory)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = NULL;
	struct seen seen = { .text = buf_make(1 << 20) };
	struct lines *ls = NULL;
	size_t refused = 0;
	pthread_t writer;
	int fds[2];

	assert_ok(loop_new(a, &l));
	assert_int_equal(pipe(fds), 0);
	assert_ok(lines_new(a, l, fds[0], LINE_MAX_, &handler, &seen, &ls));
	assert_int_equal(pthread_create(&writer, NULL, write_much, &fds[1]), 0);
	turn_until(l, &seen.ended);
	pthread_join(writer, NULL);
	for (size_t i = 0; i < seen.text.len; i++)
		refused += seen.text.ptr[i] == '!';
	assert_int_equal(refused, 1000);
	assert_int_equal(seen.text.len, 1000 * 52);
	lines_free(ls);
	close(fds[0]);
	buf_done(&seen.text);
}

TEST(it_can_be_left_while_nothing_comes_and_while_something_does)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(loop_freep) struct loop *l = NULL;
	struct seen seen = { .text = buf_make(1 << 20) };
	struct lines *ls = NULL;
	int fds[2];

	assert_ok(loop_new(a, &l));
	assert_int_equal(pipe(fds), 0);
	assert_ok(lines_new(a, l, fds[0], LINE_MAX_, &handler, &seen, &ls));
	lines_free(ls);
	assert_ok(lines_new(a, l, fds[0], LINE_MAX_, &handler, &seen, &ls));
	fill(fds[1], "never seen\n");
	lines_free(ls);
	assert_int_equal(seen.text.len, 0);
	close(fds[0]);
	close(fds[1]);
	buf_done(&seen.text);
}

TEST_MAIN("net/lines")
