#include "conv/match.h"

#include "base/clock.h"
#include "base/test.h"

static bool fits(struct vars *v, const char *pattern, const char *value)
{
	str p_text, v_text, why;
	const struct json *p, *j;

	assert_ok(vars_expand(v, EXPAND_PATTERN, str_from(pattern), &p_text));
	assert_ok(vars_expand(v, EXPAND_VALUE, str_from(value), &v_text));
	assert_ok(json_parse(v->arena, p_text, &p));
	assert_ok(json_parse(v->arena, v_text, &j));
	return match(v, p, j, &why);
}

static const struct {
	const char *pattern, *value;
	bool fits;
} cases[] = {
	{ "{'a':1,'b':'x'}", "{'b':'x','a':1}", true },
	{ "{'a':1}", "{'a':2}", false },
	{ "{'a':1}", "{'a':'1'}", false },
	{ "{'a':1}", "{'a':1,'b':2}", false },
	{ "{'a':1,*}", "{'a':1,'b':2}", true },
	{ "{'a':1,*}", "{'b':2}", false },
	{ "{*}", "{}", true },
	{ "{'a':%absent,*}", "{'b':2}", true },
	{ "{'a':%absent,*}", "{'a':null}", false },
	{ "{'a':null}", "{'a':null}", true },
	{ "{'a':null}", "{}", false },
	{ "{'a':%any}", "{'a':[1]}", true },
	{ "{'a':%any}", "{}", false },
	{ "[1,2]", "[1,2]", true },
	{ "[1,2]", "[2,1]", false },
	{ "[1,2]", "[1,2,3]", false },
	{ "[1,2]", "[1]", false },
	{ "[1,*]", "[1,2,3]", true },
	{ "[*]", "[]", true },
	{ "[%some,3,1]", "[1,2,3]", true },
	{ "[%some,3,3]", "[1,2,3]", false },
	{ "%len:2", "[1,2]", true },
	{ "%len:2", "[1]", false },
	{ "%id", "'0123456789abcdefghijABCDEFGHIJ01'", true },
	{ "%id", "'0123456789abcdefghijABCDEFGHIJ0-'", false },
	{ "%id", "'short'", false },
	{ "%iso", "'2026-01-02T03:04:05.678Z'", true },
	{ "%iso", "'2026-01-02T03:04:05Z'", false },
	{ "%int", "7", true },
	{ "%int", "'7'", false },
	{ "%int", "7.5", false },
	{ "%bool", "false", true },
	{ "%str", "''", true },
	{ "%str", "null", false },
	{ "%base64", "'AAEC'", true },
	{ "%base64", "'AA=='", true },
	{ "%base64", "'A==='", false },
	{ "%base64", "''", false },
	{ "%uuid", "'c56913c4-9319-42ce-b3b1-3fa844b91185'", true },
	{ "%uuid", "'c56913c4-9319-12ce-b3b1-3fa844b91185'", false },
	{ "%nonsense", "'x'", false },
	{ "'%has:two words'", "'it has two words'", true },
	{ "'%has:two words'", "'two  words'", false },
	{ "true", "true", true },
	{ "true", "false", false },
	{ "1.50", "1.50", true },
	{ "{'a':{'b':[{'c':%int,*},*]},*}", "{'a':{'b':[{'c':1,'d':2},3]}}", true },
};

TEST(patterns_fit_or_not)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct vars v = { .arena = a };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (fits(&v, cases[i].pattern, cases[i].value) != cases[i].fits) {
			print_error("%s / %s\n", cases[i].pattern, cases[i].value);
			fail();
		}
}

TEST(an_unknown_variable_takes_the_value_a_known_one_compares)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct vars v = { .arena = a };

	assert_true(fits(&v, "{'a':$x,'b':$x,'c':$y}", "{'a':'q','b':'q','c':[1,{'d':2}]}"));
	assert_str(vars_get(&v, S("x")), S("\"q\""));
	assert_str(vars_get(&v, S("y")), S("[1,{\"d\":2}]"));
	assert_false(fits(&v, "{'a':$x}", "{'a':'r'}"));
	assert_true(fits(&v, "{'a':$y}", "{'a':[1,{'d':2}]}"));
	assert_true(fits(&v, "'%has:$x'", "'xqx'"));
}

TEST(what_does_not_fit_takes_nothing)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct vars v = { .arena = a };

	assert_false(fits(&v, "{'a':$x,'b':1}", "{'a':'q','b':2}"));
	assert_null(vars_get(&v, S("x")).ptr);
	assert_true(fits(&v, "[%some,{'k':$x,'n':2}]", "[{'k':'one','n':1},{'k':'two','n':2}]"));
	assert_str(vars_get_text(&v, S("x")), S("two"));
}

static str expand(struct vars *v, const char *text)
{
	str out = STR_NONE;

	assert_ok(vars_expand(v, EXPAND_VALUE, str_from(text), &out));
	return out;
}

TEST(texts_become_json)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct vars v = { .arena = a };
	i64 now = clock_ms(&clock_real), ms = 0;

	vars_set_text(&v, S("bob.id"), S("a \"b\""));
	vars_set(&v, S("n"), S("[1]"));
	assert_str(expand(&v, "{'to':$bob.id,'n':$n}"), S("{\"to\":\"a \\\"b\\\"\",\"n\":[1]}"));
	assert_str(expand(&v, "'#$bob.id.'"), S("\"#a \\\"b\\\".\""));
	assert_str(expand(&v, "'it\\'s \"5$$\" * %x'"), S("\"it's \\\"5$\\\" * %x\""));
	assert_str(expand(&v, "[%fill:3]"), S("[\"AAA\"]"));
	assert_true(str_to_i64(expand(&v, "%now-60000"), &ms));
	assert_in_range((u64)(now - ms), 50000, 60000);
}

TEST(faulty_texts_are_refused)
{
	static const char *const bad[] = { "$nobody", "'$nobody'", "'open", "%any", "%now*5", "%fill:x" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct vars v = { .arena = a };
	const struct json *j;
	str out;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!vars_expand(&v, EXPAND_VALUE, str_from(bad[i]), &out) && !json_parse(a, out, &j)) {
			print_error("%s\n", bad[i]);
			fail();
		}
	assert_err(vars_expand(&v, EXPAND_VALUE, S("$nobody"), &out), NOT_FOUND);
}

TEST_MAIN("conv/match")
