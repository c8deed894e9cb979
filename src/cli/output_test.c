#include "cli/output.h"
#include "base/test.h"

#include <fcntl.h>
#include <unistd.h>

static struct output plain(bool json)
{
	return (struct output){ .buf = buf_make(1 << 16),
				.json_buf = buf_make(1 << 16),
				.json = json,
				.fd = -1,
				.err_fd = -1,
				.columns = 80 };
}

TEST(people_read_the_house_style)
{
	CLEANUP(out_done) struct output o = plain(false);

	out_ok(&o, S("ab12"), "sent to %s", "bob");
	out_warn(&o, S("look"), "careful");
	out_info(&o, "info");
	out_hint(&o, "next");
	out_section(&o, "title");
	out_kv(&o, (struct kv[]){ { "id", S("1") }, { "left", STR_NONE }, { "broker", S("x") } },
	       3);
	out_block(&o, 2, S("a\nb"));
	assert_str(buf_str(&o.buf),
		   S("  ✔ sent to bob (ab12)\n  ⚠ careful\n    look\n  info\n  → next\n"
		     "\n  — title\n\n  id      1\n  broker  x\n  a\n  b\n"));
}

TEST(colours_are_closed_and_their_text_is_safe)
{
	CLEANUP(out_done) struct output o = plain(false);

	o.color = true;
	out_span(&o, TONE_RED, "x\x1b[2Jy");
	assert_str(buf_str(&o.buf), S("\x1b[31mx\\u{1b}[2Jy\x1b[0m"));
}

TEST(nothing_another_wrote_reaches_the_terminal_raw)
{
	CLEANUP(out_done) struct output o = plain(false);
	const char *evil = "\x1b]0;x\a\r\n\xc2\x9b\xe2\x80\xae";

	out_ok(&o, str_from(evil), "%s", evil);
	out_warn(&o, str_from(evil), "%s", evil);
	out_info(&o, "%s", evil);
	out_hint(&o, "%s", evil);
	out_section(&o, "%s", evil);
	out_link(&o, str_from(evil));
	out_kv(&o, (struct kv[]){ { "k", str_from(evil) } }, 1);
	out_block(&o, 2, str_from(evil));
	for (size_t i = 0; i < o.buf.len; i++)
		assert_true(o.buf.ptr[i] == '\n' || (u8)o.buf.ptr[i] >= 0x20);
	assert_false(str_contains(buf_str(&o.buf), S("\xc2\x9b")));
	assert_false(str_contains(buf_str(&o.buf), S("\xe2\x80\xae")));
}

TEST(json_is_one_envelope_and_silences_the_rest)
{
	CLEANUP(out_done) struct output o = plain(true);
	struct json_out *j = out_json(&o);

	out_ok(&o, STR_NONE, "no");
	out_info(&o, "no");
	out_block(&o, 2, S("no"));
	out_kv(&o, (struct kv[]){ { "k", S("no") } }, 1);
	json_put_str(j, "slug", S("a\x1b\xc2\x9b"));
	out_json_end(&o);
	assert_str(buf_str(&o.buf),
		   S("{\"schema_version\":\"1.0\",\"slug\":\"a\\u001b\\u009b\",\"ok\":true}\n"));
}

/* What went to descriptor 1 while the error was told. */
static str told(struct arena *a, struct output *o, const struct err *e, str hint, char *text,
		size_t max)
{
	int ends[2];
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	o->fd = o->err_fd = ends[1];
	out_err(o, e, hint);
	close(ends[1]);
	n = read(ends[0], text, max);
	close(ends[0]);
	return arena_dup(a, str_of(text, n > 0 ? (size_t)n : 0));
}

TEST(an_error_is_broken_between_words_where_the_terminal_ends)
{
	static const struct { size_t columns; bool color; const char *text, *hint, *want; } cases[] = {
		{ 0, false, "one two three four", "", "  \u2718 one two three four\n" },
		{ 18, false, "one two three four", "", "  \u2718 one two three\n    four\n" },
		{ 16, false, "one two three four", "", "  \u2718 one two\n    three four\n" },
		{ 18, true, "one two three four", "five six seven", "  \033[31m\u2718\033[0m one two three\n    four\n"
							      "    \033[2mfive six seven\033[0m\n" },
		{ 10, false, "http://a.very.long/link of it", "", "  \u2718 http://a.very.long/link\n    of it\n" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char text[500];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct output o;

		out_init(&o, false, false, true);
		o.err_columns = cases[i].columns;
		o.err_color = cases[i].color;
		assert_str(told(a, &o, FAIL(a, IO, "%s", cases[i].text), str_from(cases[i].hint), text, sizeof(text)),
			   str_from(cases[i].want));
		out_done(&o);
	}
}

TEST(an_error_ends_the_list_that_is_open)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(out_done) struct output o = plain(true);
	const struct json *doc;
	char text[1024];
	str all;

	out_json(&o);
	out_json_list(&o, "messages");
	json_str(&o.json_out, S("one"));
	all = told(a, &o, FAIL(a, NETWORK, "the connection broke"), S("try again"), text,
		   sizeof(text));
	assert_str(all, S("{\"schema_version\":\"1.0\",\"messages\":[\"one\"],\"ok\":false,"
			  "\"error\":\"network\",\"message\":\"the connection broke\","
			  "\"hint\":\"try again\"}\n"));
	assert_ok(json_parse(a, str_trim(all), &doc));
}

TEST(a_refusal_names_its_code)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(out_done) struct output o = plain(false);
	char text[1024];

	assert_str(told(a, &o, err_word(FAIL(a, REFUSED, "no \x1b"), S("rate_limit")), STR_NONE,
			text, sizeof(text)),
		   S("  ✘ no \\u{1b} (rate_limit)\n"));
	assert_str(told(a, &o, FAIL(a, NOT_FOUND, "no peer named 'x'"), S("nearest: y"), text,
			sizeof(text)),
		   S("  ✘ no peer named 'x'\n    nearest: y\n"));
}

TEST(a_failed_write_is_an_error)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(out_done) struct output o = plain(false);

	o.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(o.fd >= 0);
	out_info(&o, "lost");
	assert_err(out_flush(&o, a), IO);
	assert_int_equal(o.buf.len, 0);
	close(o.fd);
}

TEST_MAIN("cli/output")
