/*
 * help_test.c - the whole table of commands: every row is documented, named once and fits.
 */
#include "cli/help.h"
#include "base/test.h"
#include "cli/argv.h"
#include "cli/commands.h"
#include "cli/manual.h"
#include "cli/text.h"

enum { LINE_COLUMNS = 80, NAMES_MAX = 512 };

static struct cli make(struct arena *a)
{
	return (struct cli){
		.arena = a,
		.out = { .buf = buf_make(1 << 20), .json_buf = buf_make(1 << 20), .columns = 80 }
	};
}

static void lines_fit(str text)
{
	str line;

	while (str_cut(&text, '\n', &line)) {
		if (text_columns(line) > LINE_COLUMNS)
			print_error("too wide: '%.*s'\n", STRF(line));
		assert_true(text_columns(line) <= LINE_COLUMNS);
	}
}

static void is_sentence(const char *doc)
{
	assert_non_null(doc);
	assert_true(strlen(doc) > 10);
	assert_true(doc[0] >= 'A' && doc[0] <= 'Z');
	assert_true(str_ends(str_from(doc), S(".")));
}

TEST(help_fits_80_columns)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; commands[i]; i++) {
		struct cli c = make(a);

		help_of(&c, commands[i]);
		lines_fit(buf_str(&c.out.buf));
		assert_true(str_contains(buf_str(&c.out.buf), str_from(commands[i]->name)));
		out_done(&c.out);
	}
}

/* A line that its writer broke because it was full goes on; one that ends earlier ends. */
TEST(lines_are_filled)
{
	static const struct command row = {
		.name = "row", .arguments = "",
		.doc = "Does.",
		.more = "These are words enough to fill a line of the page, nearly to the last one of\n"
			"it, and so they go on.\n"
			"A short one ends:\n"
			"  bash: source it",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c = make(a);

	help_of(&c, &row);
	assert_true(str_contains(buf_str(&c.out.buf), S("  Does.\n"
							"  These are words enough to fill a line of the page, nearly to the last one of\n"
							"  it, and so they go on.\n"
							"  A short one ends:\n")));
	c.out.buf.len = 0;
	help_of(&c, command_get(commands, S("send")));
	assert_true(str_contains(buf_str(&c.out.buf), S("until the broker has it. With --wait")));
	out_done(&c.out);
}

TEST(overview_names_every_command)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c = make(a);

	help_overview(&c);
	lines_fit(buf_str(&c.out.buf));
	for (size_t i = 0; commands[i]; i++)
		assert_true(commands[i]->hidden ||
			    str_contains(buf_str(&c.out.buf),
					 arena_printf(a, "\n  %s", commands[i]->name)));
	out_done(&c.out);
}

TEST(overview_as_json_is_json)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct cli c = make(a);
	const struct json *doc;
	size_t n = 0;

	c.out.json = true;
	help_overview(&c);
	assert_ok(json_parse(a, str_trim(buf_str(&c.out.buf)), &doc));
	while (commands[n])
		n++;
	assert_int_equal(json_get(doc, S("commands"))->count, n);
	out_done(&c.out);
}

TEST(rows_are_complete)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *cmd = commands[i];

		is_sentence(cmd->doc);
		assert_non_null(cmd->arguments);
		assert_non_null(cmd->run);
		assert_true(cmd->group < GROUP_COUNT);
		/* Every verb is classified in its row (client.md 15.1, 8). */
		assert_true(cmd->effect != EFFECT_UNSAID);
		assert_true((cmd->effect == EFFECT_FREE) == !cmd->resource);
		assert_true(!cmd->resource == !cmd->verb);
		assert_true(!cmd->flags == !cmd->flags_size);
		for (const struct flag *f = cmd->flags; f && f->name; f++) {
			assert_true(strlen(f->doc) > 10);
			assert_true((f->kind == FLAG_BOOL) == (*f->value == '\0'));
			assert_true((f->kind == FLAG_ENUM || f->kind == FLAG_CHOICE) == (f->words != NULL));
			assert_null(flag_get(global_flag_table, str_from(f->name)));
			if (f->kind == FLAG_STR || f->kind == FLAG_I64 || f->kind == FLAG_DURATION)
				assert_true(f->min < f->max);
		}
	}
}

TEST(no_name_occurs_twice)
{
	static str names[NAMES_MAX];
	size_t n = 0;

	for (size_t i = 0; commands[i]; i++) {
		str rest = str_from(commands[i]->aliases), alias;

		assert_true(n < NAMES_MAX);
		names[n++] = str_from(commands[i]->name);
		while (str_cut(&rest, ',', &alias)) {
			assert_true(n < NAMES_MAX);
			names[n++] = str_trim(alias);
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			assert_false(str_eq(names[i], names[j]));
}

/* argv.c reads a flag before it knows the command. */
TEST(a_flag_has_one_kind_in_all_commands)
{
	for (size_t i = 0; commands[i]; i++)
		for (size_t k = i + 1; commands[k]; k++)
			for (const struct flag *f = commands[i]->flags; f && f->name; f++) {
				const struct flag *g = flag_get(commands[k]->flags,
								str_from(f->name));

				assert_true(!g || (g->kind == FLAG_BOOL) == (f->kind == FLAG_BOOL));
			}
}

/* Optional arguments come last, and only the last takes the rest. */
TEST(arguments_can_be_told_apart)
{
	for (size_t i = 0; commands[i]; i++) {
		str rest = str_from(commands[i]->arguments), form;
		bool optional = false, last = false;
		size_t n = 0;

		while (str_cut(&rest, ' ', &form) && form.len) {
			assert_false(last);
			last = str_contains(form, S("..."));
			assert_true(!optional || form.ptr[0] == '[');
			optional = form.ptr[0] == '[';
			n++;
		}
		assert_true(n <= ARGUMENTS_MAX);
	}
}

TEST(every_exit_status_is_in_the_one_table)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const char *title;

	for (int code = 1; code < ERR_COUNT; code++) {
		int status = err_exit(&(struct err){ .code = (enum err_code)code });
		bool found = false;

		for (const struct fact *f = exit_facts; f->name; f++)
			found |= str_eq(str_from(f->name), arena_printf(a, "%d", status));
		assert_true(found);
	}
	assert_ptr_equal(manual_topic(S("exit-codes"), &title), exit_facts);
	assert_null(manual_topic(S("exit"), &title));
}

/* Nothing of the table gets lost, nothing of it becomes a request of roff. */
TEST(the_manual_has_every_command)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf man = buf_make(1 << 20), page = buf_make(1 << 20);

	manual_man(a, &man);
	manual_markdown(a, &page);
	assert_false(man.full || page.full);
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		assert_true(str_contains(buf_str(&page), str_from(commands[i]->name)));
		assert_true(str_contains(buf_str(&page), str_from(commands[i]->doc)));
	}
	for (size_t i = 0; i < man.len; i++)
		assert_true((u8)man.ptr[i] < 0x7f);
}

TEST_MAIN("cli/help")
