/*
 * table_test.c - every row of the message table is documented, unique, and said in some
 * conversation.
 */
#include "engine/op.h"

#include <glob.h>

#include "base/buf.h"
#include "base/test.h"

enum { CONVERSATIONS_MAX = 4 << 20 };

/* All conversations as one text. */
static str conversations(struct arena *a)
{
	struct buf all = buf_make(CONVERSATIONS_MAX);
	glob_t found;
	str text;

	assert_int_equal(glob(CONV_DIR "/*.conv", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *f = fopen(found.gl_pathv[i], "rb");
		char chunk[4096];
		size_t n;

		assert_non_null(f);
		while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
			buf_add(&all, str_of(chunk, n));
		fclose(f);
	}
	globfree(&found);
	assert_false(all.full);
	text = arena_dup(a, buf_str(&all));
	buf_done(&all);
	return text;
}

static bool is_sentence(const char *doc)
{
	size_t n = doc ? strlen(doc) : 0;

	return n > 10 && doc[0] >= 'A' && doc[0] <= 'Z' && doc[n - 1] == '.';
}

TEST(every_row_says_what_it_does)
{
	const struct op *op;

	for (size_t i = 0; (op = op_at(i)); i++) {
		bool fields = true;

		for (const struct json_field *f = op->fields; f->name; f++)
			fields = fields && f->doc && f->doc[0];
		if (!is_sentence(op->doc) || !fields) {
			print_error("%s\n", op->name);
			fail();
		}
	}
	assert_true(op_at(0) != NULL);
}

TEST(no_name_occurs_twice)
{
	const struct op *op, *other;

	for (size_t i = 0; (op = op_at(i)); i++)
		for (size_t k = 0; k < i && (other = op_at(k)); k++)
			assert_false(op->flags & other->flags & (OP_HELLO | OP_FRAME | OP_CALL | OP_REST) &&
				     str_eq(str_from(op->name), str_from(other->name)));
}

TEST(every_message_is_said_in_a_conversation)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str all = conversations(a);
	const struct op *op;

	for (size_t i = 0; (op = op_at(i)); i++) {
		str line = op->flags & OP_HELLO ? arena_printf(a, "\nalice %s", op->name) :
						  arena_printf(a, "> {'type':'%s'", op->name);

		if (!(op->flags & (OP_CALL | OP_REST)) && !str_contains(all, line)) {
			print_error("no conversation says '%s'\n", op->name);
			fail();
		}
	}
}

TEST_MAIN("conv/table")
