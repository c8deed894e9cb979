/*
 * skill_file_test.c - the bundled skill and the instructions name no attribute that we do not
 * send, and no attribute goes unexplained.
 */
#include <stdio.h>

#include "base/test.h"
#include "mcp/channel.h"
#include "mcp/instructions.h"

#define NAME(name, doc) S(#name),
static const str attributes[] = { CHANNEL_ATTRIBUTES(NAME) };

static str skill_file(struct arena *a)
{
	FILE *f = fopen(SKILL_FILE, "r");
	char *text = NEW_ARRAY(a, char, 65536);
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 65536, f);
	fclose(f);
	return str_of(text, n);
}

static bool is_attribute(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (str_eq(name, attributes[i]))
			return true;
	return false;
}

/* The names in the first column of the table of attributes. */
static size_t table_names(str text, str *ret_names, size_t max)
{
	bool in_table = false;
	size_t n = 0;
	str line;

	while (str_cut(&text, '\n', &line)) {
		str cell, name;

		if (str_starts(line, S("| attribute |")))
			in_table = true;
		else if (!str_starts(line, S("|")))
			in_table = false;
		else if (in_table && !str_starts(line, S("|-"))) {
			line = str_skip(line, 1);
			assert_true(str_cut(&line, '|', &cell));
			while (str_cut(&cell, ',', &name)) {
				assert_true(n < max);
				ret_names[n++] = str_trim(name);
			}
		}
	}
	return n;
}

TEST(the_skill_explains_every_attribute_and_no_other)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str text = skill_file(a), names[64];
	size_t n = table_names(text, names, ARRAY_LEN(names));

	assert_true(n > 5);
	for (size_t i = 0; i < n; i++)
		if (!is_attribute(names[i]))
			fail_msg("SKILL.md explains '%.*s', which is never sent", STRF(names[i]));
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (!str_contains(text, attributes[i]))
			fail_msg("SKILL.md does not explain '%.*s'", STRF(attributes[i]));
}

TEST(what_stands_in_angle_brackets_is_an_attribute)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const str texts[] = { skill_file(a), S(MCP_INSTRUCTIONS) };

	for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
		str rest = texts[t], before, name;
		size_t seen = 0;

		while (str_cut(&rest, '<', &before) && rest.ptr && str_cut(&rest, '>', &name)) {
			if (str_starts(name, S("channel ")) || str_index(name, ' ') >= 0 || str_index(name, '\n') >= 0)
				continue;
			seen++;
			if (!is_attribute(name))
				fail_msg("<%.*s> is not sent", STRF(name));
		}
		assert_true(seen >= 3);
	}
}

TEST_MAIN("mcp/skill_file")
