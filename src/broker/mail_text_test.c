#include "broker/mail_text.h"

#include "base/test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static struct mail_args an_invite(void)
{
	return (struct mail_args){
		.kind = MAIL_INVITE, .to = S("bob@example.org"), .mesh = S("flea circus"), .inviter = S("Alice"),
		.role = S("member"), .url = S("https://mesh.example.org/i/ABCDEFGHJKLM"),
		.base = S("https://mesh.example.org"), .max_uses = 1, .expires_ms = 1795446240000,
	};
}

static size_t count(str text, const char *part)
{
	size_t n = 0, len = strlen(part);
	const char *at = text.ptr, *end = text.ptr + text.len;

	while ((at = memmem(at, (size_t)(end - at), part, len))) {
		n++;
		at += len;
	}
	return n;
}

TEST(an_invitation_says_who_to_what_as_what_until_when_and_how)
{
	ARENA;
	struct mail_args says = an_invite();
	struct mail_text mail = mail_text(a, &says, true);
	static const char *const both[] = {
		"flea circus", "Alice", "bob@example.org", "member", "Mon, 23 Nov 2026 15:04 UTC",
		"https://mesh.example.org/i/ABCDEFGHJKLM", "unverified",
	};

	assert_str(mail.subject, S("You're invited to join \"flea circus\" on claudemesh"));
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		if (!count(mail.text, both[i]) || !count(mail.html, both[i]))
			fail_msg("'%s' is missing", both[i]);
	assert_true(str_contains(mail.text, S("curl -fsSL https://mesh.example.org/install | sh && claudemesh launch "
					      "--join https://mesh.example.org/i/ABCDEFGHJKLM\n")));
	assert_true(str_contains(mail.html, S("curl -fsSL https://mesh.example.org/install | sh &amp;&amp; claudemesh")));
	mail = mail_text(a, &says, false);
	assert_false(str_contains(mail.text, S("curl")) || str_contains(mail.html, S("curl")));
}

TEST(an_invitation_looks_as_it_should)
{
	ARENA;
	struct mail_args says = an_invite();
	struct mail_text mail = mail_text(a, &says, true);

	assert_true(count(mail.html, "#141413") && count(mail.html, "#faf9f5") && count(mail.html, "#d97757"));
	assert_true(count(mail.html, "max-width:560px") && count(mail.html, "Georgia") && count(mail.html, "monospace"));
	assert_int_equal(count(mail.html, "border-radius:50%"), 4);
	assert_int_equal(count(mail.html, "<a href=\"https://mesh.example.org/i/ABCDEFGHJKLM\""), 1);
	assert_int_equal(count(mail.html, "<style") + count(mail.html, "<script") + count(mail.html, "<img"), 0);
	assert_int_equal(count(mail.html, "%%"), 0);
}

TEST(nothing_that_members_chose_becomes_markup_or_a_line)
{
	ARENA;
	struct mail_args says = an_invite();
	struct mail_text mail;

	says.mesh = S("<img src=x onerror=alert(1)>\r\nBcc: eve@evil.org");
	says.inviter = S("\"><script>alert('&')</script>");
	mail = mail_text(a, &says, true);
	assert_int_equal(count(mail.html, "<img") + count(mail.html, "<script"), 0);
	assert_true(count(mail.html, "&lt;script&gt;alert(&#39;&amp;&#39;)"));
	assert_int_equal(count(mail.subject, "\r") + count(mail.subject, "\n") + count(mail.text, "\r"), 0);
	assert_int_equal(count(mail.text, "\nBcc:"), 0);
}

TEST(a_long_name_is_cut_between_characters)
{
	ARENA;
	struct mail_args says = an_invite();
	struct mail_text mail;
	str name = S("");

	while (name.len < 126)
		name = arena_printf(a, "%.*s\xe6\xbc\xa2", STRF(name));
	says.mesh = name;
	mail = mail_text(a, &says, true);
	assert_true(str_is_utf8(mail.subject) && str_is_utf8(mail.text) && str_is_utf8(mail.html));
	assert_true(mail.subject.len < 130 && str_contains(mail.subject, S("\xe2\x80\xa6")));
}

TEST(an_admin_s_invitation_says_so_and_one_for_many_says_how_many)
{
	ARENA;
	struct mail_args says = an_invite();
	struct mail_text mail;

	says.role = S("admin");
	says.max_uses = 7;
	mail = mail_text(a, &says, true);
	assert_true(str_contains(mail.text, S("admin: may invite and remove others")));
	assert_true(str_contains(mail.text, S("7 people")));
	says.inviter = STR_NONE;
	assert_true(str_contains(mail_text(a, &says, true).text, S("Somebody invites you")));
}

TEST(a_login_code_is_in_subject_text_and_html)
{
	ARENA;
	struct mail_args says = { .kind = MAIL_LOGIN_CODE, .to = S("bob@example.org"), .code = S("042317"),
				  .base = S("https://mesh.example.org"), .expires_ms = 1795446240000 };
	struct mail_text mail = mail_text(a, &says, true);

	assert_str(mail.subject, S("042317 is your claudemesh code"));
	assert_true(str_contains(mail.text, S("    042317\n")));
	assert_true(str_contains(mail.html, S(">042317<")));
	assert_true(str_contains(mail.text, S("15:04 UTC")));
}

static const struct { const char *value, *header; } headers[] = {
	{ "plain text, 100%", "plain text, 100%" },
	{ "", "" },
	{ "caf\xc3\xa9", "=?UTF-8?B?Y2Fmw6k=?=" },
	{ "=?UTF-8?B?eA==?=", "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=" },
	{ "a\r\nBcc: eve@evil.org", "=?UTF-8?B?YQ0KQmNjOiBldmVAZXZpbC5vcmc=?=" },
};

TEST(a_header_is_one_line_of_ascii)
{
	ARENA;
	str value = S("");

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		assert_str(mail_header(a, str_from(headers[i].value)), str_from(headers[i].header));
	for (size_t n = 0; n < 60; n++) {
		str rest, word;

		value = arena_printf(a, "%.*s\xe6\xbc\xa2", STRF(value));
		rest = mail_header(a, value);
		while (str_cut(&rest, ' ', &word))
			assert_true(word.len <= 75 && str_starts(word, S("=?UTF-8?B?")) && str_ends(word, S("?=")));
	}
}

static const struct { const char *from, *name, *address; } froms[] = {
	{ "mesh@example.org", "", "mesh@example.org" },
	{ "claudemesh <mesh@example.org>", "claudemesh", "mesh@example.org" },
	{ " Our M\xc3\xa4sh <mesh@example.org> ", "Our M\xc3\xa4sh", "mesh@example.org" },
	{ "", NULL, NULL },
	{ "claudemesh", NULL, NULL },
	{ "claudemesh <mesh@example.org", NULL, NULL },
	{ "claudemesh <mesh>", NULL, NULL },
	{ "a\r\nBcc: x <mesh@example.org>", NULL, NULL },
	{ "a\"b <mesh@example.org>", NULL, NULL },
	{ "a <mesh@example.org> b", NULL, NULL },
	{ "a\xff <mesh@example.org>", NULL, NULL },
};

TEST(the_operator_s_address_is_checked)
{
	for (size_t i = 0; i < ARRAY_LEN(froms); i++) {
		str name, address;
		bool ok = mail_from_split(str_from(froms[i].from), &name, &address);

		if (ok != (froms[i].address != NULL))
			fail_msg("'%s'", froms[i].from);
		if (!ok)
			continue;
		assert_true(str_eq(name, str_from(froms[i].name)) || (!name.len && !*froms[i].name));
		assert_str(address, str_from(froms[i].address));
	}
}

TEST_MAIN("broker/mail_text")
