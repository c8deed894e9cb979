#include "base/email.h"
#include "base/test.h"

static const struct { const char *text; bool ok; } cases[] = {
	{ "bob@example.org", true },
	{ "b@x.y", true },
	{ "Bob.Smith+mesh@Mail.Example.org", true },
	{ "o'brien@example.org", true },
	{ "a!#$%&'*+-/=?^_`{|}~@example.org", true },
	{ "bob@localhost", true },
	{ "bob@xn--bcher-kva.example", true },
	{ "bob@1.example", true },
	{ "", false },
	{ "@", false },
	{ "bob", false },
	{ "bob@", false },
	{ "@example.org", false },
	{ "bob@example", false },
	{ "bob@@example.org", false },
	{ "bob@example.org@evil.org", false },
	{ "bob@example.org,eve@evil.org", false },
	{ "bob@example.org eve@evil.org", false },
	{ " bob@example.org", false },
	{ "bob@example.org\n", false },
	{ "bob@example.org\r\nBcc: eve@evil.org", false },
	{ "bob\r\n@example.org", false },
	{ "Bob <bob@example.org>", false },
	{ "<bob@example.org>", false },
	{ "\"bob\"@example.org", false },
	{ "bob@[127.0.0.1]", false },
	{ "bob@127.0.0.1", false },
	{ "bob@.example.org", false },
	{ "bob@example..org", false },
	{ "bob@example.org.", false },
	{ "bob@-example.org", false },
	{ "bob@example-.org", false },
	{ ".bob@example.org", false },
	{ "bob.@example.org", false },
	{ "b..b@example.org", false },
	{ "b\xc3\xb6" "b@example.org", false },
	{ "bob@ex\xc3\xa4mple.org", false },
	{ "bob@exam_ple.org", false },
	{ "bob(x)@example.org", false },
	{ "bob;@example.org", false },
	{ "bob:@example.org", false },
	{ "bob\\@example.org", false },
	{ "bob\t@example.org", false },
	{ "bob\x7f@example.org", false },
};

TEST(an_address_is_told_from_what_only_looks_like_one)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (email_is_valid(str_from(cases[i].text)) != cases[i].ok)
			fail_msg("'%s'", cases[i].text);
	assert_false(email_is_valid(S("b\0b@example.org")));
	assert_false(email_is_valid(STR_NONE));
}

TEST(an_address_has_a_longest_length)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str x63 = str_from("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	str domain = arena_printf(a, "%.*s.%.*s.%.*s", STRF(x63), STRF(x63), STRF(x63));

	assert_int_equal(x63.len, EMAIL_LABEL_MAX);
	assert_true(email_is_valid(arena_printf(a, "%.*sx@x.yz", STRF(x63))));
	assert_false(email_is_valid(arena_printf(a, "%.*sxx@x.yz", STRF(x63))));
	assert_true(email_is_valid(arena_printf(a, "%.62s@%.*s", x63.ptr, STRF(domain))));
	assert_false(email_is_valid(arena_printf(a, "%.63s@%.*s", x63.ptr, STRF(domain))));
	assert_false(email_is_valid(arena_printf(a, "b@%.*sx.org", STRF(x63))));
}

TEST(two_ways_to_write_one_address_compare_equal)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_str(email_normal(a, S("Bob@Example.ORG")), S("bob@example.org"));
}

TEST_MAIN("base/email")
