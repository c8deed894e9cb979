#include "cli/qr.h"
#include "base/test.h"

TEST(lines_of_blocks_are_the_modules)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	bool dark[9] = { true, false, true, false, false, true, true, false, false };
	struct qr q = { .dark = dark, .width = 3 };

	assert_str(qr_line(a, &q, 0, false), S("▀ █"));
	assert_str(qr_line(a, &q, 2, false), S("▀  "));
	assert_str(qr_line(a, &q, 0, true), S("▄█ "));
	assert_str(qr_line(a, &q, 2, true), S(" ▀▀"));
}

TEST(a_link_fits_80_columns_and_has_its_corners)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct qr q;

	assert_true(qr_make(a,
			    S("http://127.0.0.1:7900/i/ABCDEFGHJKLM#"
			      "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"),
			    &q));
	assert_true(q.width + QR_INDENT <= 80);
	for (size_t i = 0; i < 7; i++) {
		assert_true(q.dark[QR_MARGIN * q.width + QR_MARGIN + i]);
		assert_true(q.dark[(QR_MARGIN + i) * q.width + q.width - QR_MARGIN - 1]);
	}
	assert_false(q.dark[0]);
}

TEST(text_that_is_too_long_has_no_code)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	static char text[4000];
	struct qr q;

	memset(text, 'x', sizeof(text));
	assert_false(qr_make(a, str_of(text, sizeof(text)), &q));
}

TEST_MAIN("cli/qr")
