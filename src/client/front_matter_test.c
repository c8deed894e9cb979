#include "client/front_matter.h"

#include "base/test.h"

TEST(a_skill_file_is_read)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct front_matter f;

	assert_ok(front_matter_read(a, S("---\nname: release-check\ndescription: >\n  Before a\n  release\n"
					 "when_to_use: \"before: tagging\"\nallowed-tools:\n  - Bash(git add:*)\n  - Read\n"
					 "tags: [a, 'b c']\nmodel: opus\ncontext: fork\nagent: Explore\n"
					 "user-invocable: false\nargument-hint: '[file]'\nother: { x: [1] }\n---\n\n# Do\nit\n"), &f));
	assert_str(f.name, S("release-check"));
	assert_str(f.description, S("Before a release\n"));
	assert_str(f.when_to_use, S("before: tagging"));
	assert_int_equal(f.allowed_tools.n, 2);
	assert_str(f.allowed_tools.items[0], S("Bash(git add:*)"));
	assert_int_equal(f.tags.n, 2);
	assert_str(f.tags.items[1], S("b c"));
	assert_str(f.model, S("opus"));
	assert_str(f.context, S("fork"));
	assert_str(f.agent, S("Explore"));
	assert_true(f.not_user_invocable);
	assert_str(f.argument_hint, S("[file]"));
	assert_str(f.body, S("# Do\nit\n"));
}

TEST(tools_may_stand_in_one_text)
{
	static const struct { const char *text; size_t n; const char *last; } cases[] = {
		{ "Read, Bash(git add:*)", 2, "Bash(git add:*)" }, { "Read Bash(git add:*) Grep", 3, "Grep" },
		{ "Read", 1, "Read" }, { "''", 0, "" }, { "' , '", 0, "" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front_matter f;

		assert_ok(front_matter_read(a, arena_printf(a, "---\nallowed-tools: %s\n---\nx", cases[i].text), &f));
		assert_int_equal(f.allowed_tools.n, cases[i].n);
		if (f.allowed_tools.n)
			assert_str(f.allowed_tools.items[f.allowed_tools.n - 1], str_from(cases[i].last));
	}
}

TEST(without_front_matter_all_is_text)
{
	static const char *const cases[][2] = {
		{ "# Do it", "# Do it" }, { "", "" }, { "---\nname: x\n", "---\nname: x\n" }, { "----\nx\n---\n", "----\nx\n---\n" },
		{ "---\n---\nbody", "body" }, { "---\r\nname: x\r\n---\r\nbody", "body" }, { "\xef\xbb\xbf---\n---\nb", "b" },
		{ "---\n# only a remark\n---\nb", "b" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front_matter f;

		assert_ok(front_matter_read(a, str_from(cases[i][0]), &f));
		assert_str(f.body, str_from(cases[i][1]));
	}
}

TEST(what_is_wrong_is_named_with_its_line)
{
	static const char *const cases[][2] = {
		{ "---\nname: x\n  bad: [\n---\n", "line 3" }, { "---\nname: [a]\n---\n", "line 2: 'name' must be a text" },
		{ "---\n- a\n---\n", "key: value" }, { "---\ntags: {a: b}\n---\n", "'tags' must be a list" },
		{ "---\na: 1\ntags: [[a]]\n---\n", "line 3: 'tags'" }, { "\xff", "UTF-8" },
		{ "---\nname: *nobody\n---\n", "alias" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front_matter f;
		struct err *e = front_matter_read(a, str_from(cases[i][0]), &f);

		assert_non_null(e);
		if (!str_contains(e->text, str_from(cases[i][1]))) {
			print_error("case %zu: %.*s\n", i, STRF(e->text));
			fail();
		}
	}
}

TEST_MAIN("client/front_matter")
