#include "client/account.h"

#include "client/file.h"
#include "client/test_dir.h"

#define TOKEN "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsImV4cCI6MTgwMDAwMDAwMH0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct auth_args someone(void)
{
	return (struct auth_args){
		.session_token = S(TOKEN), .user = { true, S("u1"), S("Ann"), S("ann@x.org") },
		.token_source = S("manual"), .stored_at = S("2026-01-02T03:04:05.678Z"),
		.broker = S("http://127.0.0.1:7900"),
	};
}

static str auth_json(struct arena *a, const struct paths *p)
{
	return arena_printf(a, "%.*s/auth.json", STRF(p->dir));
}

TEST(what_is_stored_is_private_and_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct auth_args auth = someone(), read;
	struct stat st;

	assert_ok(auth_load(a, &p, &read));
	assert_int_equal(read.session_token.len, 0);
	assert_ok(auth_save(a, &p, &auth));
	assert_int_equal(stat(arena_cstr(a, auth_json(a, &p)), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(auth_load(a, &p, &read));
	assert_str(read.session_token, S(TOKEN));
	assert_str(read.user.email, S("ann@x.org"));
	assert_ok(auth_remove(a, &p));
	assert_ok(auth_remove(a, &p));
	assert_ok(auth_load(a, &p, &read));
	assert_int_equal(read.session_token.len, 0);
}

/* As the reference writes it, and what is none. */
TEST(a_file_that_is_no_login_is_nobody_and_stays)
{
	static const char *const texts[] = { "{", "[]", "{\"session_token\":1}", "{\"user\":{}}", "nonsense" };
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct auth_args read;
	str content;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		test_write(a, auth_json(a, &p), str_from(texts[i]), 0600);
		assert_ok(auth_load(a, &p, &read));
		assert_int_equal(read.session_token.len, 0);
		assert_ok(file_read_private(a, auth_json(a, &p), &content));
		assert_str(content, str_from(texts[i]));
	}
	test_write(a, auth_json(a, &p), S("{\"session_token\":\"t\",\"user\":{\"id\":\"u\",\"display_name\":\"d\",\"email\":\"e\"},"
					  "\"token_source\":\"device-code\",\"stored_at\":\"x\"}"), 0600);
	assert_ok(auth_load(a, &p, &read));
	assert_str(read.user.display_name, S("d"));
	test_write(a, auth_json(a, &p), S("{\"session_token\":\"t\"}"), 0644);
	assert_err(auth_load(a, &p, &read), FORBIDDEN);
}

TEST(a_token_goes_to_its_own_broker_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct paths p = test_paths(a);
	struct auth_args auth = someone();
	str token;

	assert_ok(auth_save(a, &p, &auth));
	assert_ok(auth_token_for(a, &p, S("http://127.0.0.1:7900/"), &token));
	assert_str(token, S(TOKEN));
	assert_ok(auth_token_for(a, &p, S("ws://127.0.0.1:7900/ws"), &token));
	assert_str(token, S(TOKEN));
	assert_ok(auth_token_for(a, &p, S("https://127.0.0.1:7900"), &token));
	assert_int_equal(token.len, 0);
	assert_ok(auth_token_for(a, &p, S("http://127.0.0.1.evil.example:7900"), &token));
	assert_int_equal(token.len, 0);
	auth.broker = STR_NONE;
	assert_ok(auth_save(a, &p, &auth));
	assert_ok(auth_token_for(a, &p, S("http://127.0.0.1:7900"), &token));
	assert_int_equal(token.len, 0);
}

TEST(tokens_are_told_from_other_lines)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_true(auth_looks_like_token(S(TOKEN)));
	assert_false(auth_looks_like_token(S("a.b.c")));
	assert_false(auth_looks_like_token(S("")));
	assert_false(auth_looks_like_token(S("yes, with two dots. And a rather long sentence around. them, so it is long")));
	assert_false(auth_looks_like_token(S(TOKEN ".more")));
	assert_false(auth_looks_like_token(S("\x1b" TOKEN)));
	assert_int_equal(auth_ends_ms(a, S(TOKEN)), 1800000000000);
	assert_int_equal(auth_ends_ms(a, S("a.b.c")), 0);
	assert_int_equal(auth_ends_ms(a, S("x.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9.y")), INT64_MAX);
	assert_int_equal(auth_ends_ms(a, S("x.eyJleHAiOi05MjIzMzcyMDM2ODU0Nzc1ODA3fQ.y")), INT64_MIN);
}

TEST_MAIN("client/account")
