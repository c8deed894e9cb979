#include "client/validate.h"

#include "base/test.h"

#define KEY "8A88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define LOW "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define ID "lC94aQ5xa8VgOORZNSe8VAhOD90E5MNb"

enum shape { PUBKEY, PREFIX, MESSAGE, SLUG, GROUP, TOPIC, PRIORITY, STATUS, TARGET, NAME };

/* code NULL: accepted, and the value is `says`. */
static const struct {
	enum shape shape;
	const char *text, *code, *says;
} cases[] = {
	{ PUBKEY, KEY, NULL, LOW },
	{ PUBKEY, "", "missing", "no key" },
	{ PUBKEY, "8a88", "wrong_length", "this has 4" },
	{ PUBKEY, KEY "0", "wrong_length", "this has 65" },
	{ PUBKEY, "gA88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c", "non_hex",
	  "hex" },
	{ PREFIX, "8A88e3dd", NULL, "8a88e3dd" },
	{ PREFIX, KEY, NULL, LOW },
	{ PREFIX, "8a88e3d", "too_short", "this has 7" },
	{ PREFIX, KEY "0", "too_long", "this has 65" },
	{ PREFIX, "8a88e3dg", "non_hex", "hex" },
	{ PREFIX, "", "missing", "no key" },
	{ MESSAGE, ID, NULL, ID },
	{ MESSAGE, "lC94aQ5x", NULL, "lC94aQ5x" },
	{ MESSAGE, "lC94aQ5", "too_short", "this has 7" },
	{ MESSAGE, ID "x", "too_long", "this has 33" },
	{ MESSAGE, "c56913c4-9319", "bad_charset", "letters and digits" },
	{ MESSAGE, "", "missing", "no message id" },
	{ SLUG, "my-team-2", NULL, "my-team-2" },
	{ SLUG, "a", "wrong_length", "this has 1" },
	{ SLUG, "-a", "bad_format", "slug" },
	{ SLUG, "a-", "bad_format", "slug" },
	{ SLUG, "a--b", "bad_format", "slug" },
	{ SLUG, "Team", "bad_format", "slug" },
	{ SLUG, "te/am", "bad_format", "slug" },
	{ SLUG, "", "missing", "no mesh" },
	{ GROUP, "@dev/back_end.1", NULL, "dev/back_end.1" },
	{ GROUP, "@", "missing", "no group" },
	{ GROUP, "a b", "bad_charset", "characters" },
	{ GROUP, "a'b", "bad_charset", "characters" },
	{ TOPIC, "general", NULL, "general" },
	{ TOPIC, "#deploy_2.x-y", NULL, "deploy_2.x-y" },
	{ TOPIC, "#", "missing", "no topic" },
	{ TOPIC, "a/b", "bad_charset", "characters" },
	{ TOPIC, "##a", "bad_charset", "characters" },
	{ TOPIC, "a\nb", "bad_charset", "characters" },
	{ TOPIC, KEY "0", "too_long", "this has 65" },
	{ PRIORITY, "NOW", NULL, "now" },
	{ PRIORITY, "nwo", "bad_format", "no priority 'nwo'" },
	{ PRIORITY, "", "missing", "no priority" },
	{ STATUS, "dnd", NULL, "dnd" },
	{ TARGET, " bob ", NULL, "bob" },
	{ TARGET, "Bob the builder", NULL, "Bob the builder" },
	{ TARGET, "*", NULL, "*" },
	{ TARGET, "@dev/a", NULL, "@dev/a" },
	{ TARGET, KEY, NULL, KEY },
	{ TARGET, "", "missing", "no recipient" },
	{ TARGET, "  ", "missing", "no recipient" },
	{ TARGET, "#general", "bad_format", "topic" },
	{ TARGET, "@a b", "bad_charset", "characters" },
	{ TARGET, KEY "0", "wrong_length", "this has 65" },
	{ TARGET, KEY KEY "-", "too_long", "this has 129" },
	{ TARGET, "a\nb", "bad_charset", "control" },
	{ NAME, " alice ", NULL, "alice" },
	{ NAME, "123456789", "too_long", "this has 9" },
	{ NAME, "a\x1b", "bad_charset", "control" },
	{ NAME, "", "missing", "no name" },
	{ STATUS, "busy", "bad_format", "no status 'busy'" },
};

static bool look_at(struct arena *a, enum shape shape, str text, str *ret_value,
		    struct invalid *why)
{
	enum priority priority;
	enum status status;
	bool is_prefix;

	switch (shape) {
	case PUBKEY: return valid_pubkey(a, text, ret_value, why);
	case PREFIX: return valid_pubkey_prefix(a, text, ret_value, why);
	case MESSAGE: return valid_message_id(a, text, ret_value, &is_prefix, why);
	case SLUG: return valid_slug(a, text, ret_value, why);
	case TARGET: return valid_target(a, text, ret_value, why);
	case NAME: return valid_name(a, S("name"), text, 8, ret_value, why);
	case GROUP: return valid_group(a, text, ret_value, why);
	case TOPIC: return valid_topic(a, text, ret_value, why);
	case PRIORITY:
		if (!valid_priority(a, text, &priority, why))
			return false;
		*ret_value = enum_word(priority_words, (int)priority);
		return true;
	case STATUS:
		if (!valid_status(a, text, &status, why))
			return false;
		*ret_value = enum_word(status_words, (int)status);
		return true;
	}
	return false;
}

TEST(shapes)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct invalid why = { 0 };
		str value = STR_NONE;
		bool ok = look_at(a, cases[i].shape, str_from(cases[i].text), &value, &why);

		if (ok != !cases[i].code)
			print_error("case %zu '%s'\n", i, cases[i].text);
		assert_int_equal(ok, !cases[i].code);
		if (ok) {
			assert_str(value, str_from(cases[i].says));
			continue;
		}
		assert_str(why.code, str_from(cases[i].code));
		assert_true(str_contains(why.reason, str_from(cases[i].says)));
		assert_false(str_empty(why.expected));
		assert_false(str_empty(why.field));
		assert_non_null(why.input.ptr);
		assert_err(invalid_err(a, &why), BAD_REQUEST);
		assert_str(invalid_err(a, &why)->tiers->code, why.code);
	}
}

TEST(a_short_message_id_is_a_prefix)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invalid why;
	bool is_prefix;
	str value;

	assert_true(valid_message_id(a, S("lC94aQ5x"), &value, &is_prefix, &why));
	assert_true(is_prefix);
	assert_true(valid_message_id(a, S(ID), &value, &is_prefix, &why));
	assert_false(is_prefix);
}

TEST(numbers_and_durations_have_bounds)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invalid why;
	i64 v;

	assert_true(valid_number(a, S("uses"), S("5"), 1, 9, &v, &why));
	assert_int_equal(v, 5);
	assert_false(valid_number(a, S("uses"), S("0"), 1, 9, &v, &why));
	assert_str(why.code, S("too_short"));
	assert_false(valid_number(a, S("uses"), S("10"), 1, 9, &v, &why));
	assert_false(valid_number(a, S("uses"), S("5x"), 1, 9, &v, &why));
	assert_str(why.code, S("bad_format"));
	assert_true(valid_duration(a, S("2h"), 1000, 86400000, &v, &why));
	assert_int_equal(v, 7200000);
	assert_false(valid_duration(a, S("2d"), 1000, 86400000, &v, &why));
	assert_true(str_contains(why.expected, S("from 1s to 1d")));
	assert_false(valid_duration(a, S("soon"), 1000, 86400000, &v, &why));
	assert_false(valid_duration(a, S(""), 1000, 86400000, &v, &why));
}

TEST(the_nearest_is_near)
{
	static const str names[] = { S("alice"), S("bob"), S("bobby"), S("carol") };
	static const struct {
		const char *text, *want;
	} near[] = {
		{ "alcie", "alice" }, { "bbo", "bob" }, { "carl", "carol" },
		{ "xyz", "" },        { "", "" },       { "completely-else", "" },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invalid why;
	enum priority priority;

	for (size_t i = 0; i < ARRAY_LEN(near); i++)
		assert_str(nearest(str_from(near[i].text), names, ARRAY_LEN(names)),
			   str_from(near[i].want));
	assert_false(valid_priority(a, S("lwo"), &priority, &why));
	assert_str(why.nearest, S("low"));
	assert_true(str_contains(invalid_err(a, &why)->text, S("did you mean 'low'?")));
}

TEST_MAIN("client/validate")
