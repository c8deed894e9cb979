#include "base/test.h"

#include "client/sse.h"

enum { MAX_BYTES = 64 };

/* Events are written down as "id|event|data;". */
static str collect(struct arena *a, str in, size_t piece)
{
	struct sse s;
	struct sse_event ev;
	str got = S("");

	sse_init(&s, MAX_BYTES);
	while (in.len) {
		str part = str_of(in.ptr, MIN(piece, in.len));

		in = str_skip(in, part.len);
		while (sse_next(&s, &part, &ev))
			got = arena_printf(a, "%.*s%.*s|%.*s|%.*s;", STRF(got), STRF(ev.id),
					   STRF(ev.event), STRF(ev.data));
		assert_int_equal(part.len, 0);
	}
	if (s.broken)
		got = arena_printf(a, "%.*sbroken", STRF(got));
	sse_done(&s);
	return got;
}

#define LONG "0123456789012345678901234567890123456789"

static const struct { const char *in, *events; } cases[] = {
	{ "data: a\n\n", "|message|a;" },
	{ "data: a\r\n\r\n", "|message|a;" },
	{ "data: a\r\r", "|message|a;" },
	{ "data:a\n\n", "|message|a;" },
	{ "data:  a\n\n", "|message| a;" },
	{ "data\n\n", "|message|;" },
	{ "data: a\ndata: b\n\n", "|message|a\nb;" },
	{ "data\ndata\n\n", "|message|\n;" },
	{ "event: x\nid: 7\ndata: a\n\ndata: b\n\n", "7|x|a;7|message|b;" },
	{ "id: 7\n\ndata: a\n\n", "7|message|a;" },
	{ "id: 7\ndata: a\n\nid\ndata: b\n\n", "7|message|a;|message|b;" },
	{ "event: x\n\ndata: a\n\n", "|message|a;" },
	{ ": connected\n\n: keepalive\n\ndata: a\n\n", "|message|a;" },
	{ "\xef\xbb\xbf" "data: a\n\n", "|message|a;" },
	{ "retry: 10\nfoo: bar\nDATA: x\ndata: a\n\n", "|message|a;" },
	{ "data: a\n", "" },
	{ "data: a", "" },
	{ "\n\n\n", "" },
	{ "", "" },
	{ "data: " LONG "\n\n", "|message|" LONG ";" },
	{ "data: " LONG "\ndata: " LONG "\n\ndata: a\n\n", "broken" },
	{ "data: " LONG LONG "\n\ndata: a\n\n", "broken" },
	{ "data: a\n\nid: " LONG LONG "\n\ndata: b\n\n", "|message|a;broken" },
};

TEST(events_in_pieces_of_any_size)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t piece = 1; piece < 40; piece++)
			assert_str(collect(a, str_from(cases[i].in), piece),
				   str_from(cases[i].events));
}

TEST(an_id_with_a_nul_is_no_id)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(collect(a, S("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"), 100),
		   S("1|message|a;1|message|b;"));
}

TEST_MAIN("client/sse")
