/*
 * login_test.c - signing in by a code, and programs by a browser; guessed, replayed, late, forged.
 */
#include "engine/harness_test.h"

#include "crypto/jwt.h"
#include "proto/account.h"
#include "proto/mail.h"
#include "store/account.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str told(struct house *h, const char *key)
{
	return arena_dup(h->a, json_get_str(answer(h), str_from(key)));
}

static str admin_code(struct house *h, const char *email)
{
	assert_int_equal(call(h, "admin_login_code", "", text(h->a, "{'email':'%s'}", email)), 200);
	return told(h, "code");
}

static int try_code(struct house *h, const char *email, str code)
{
	return call(h, "login_code", "", text(h->a, "{'email':'%s','code':'%.*s','platform':'Linux'}", email,
					      STRF(code)));
}

/* The token of a browser. */
static str sign_in(struct house *h, const char *email)
{
	assert_int_equal(try_code(h, email, admin_code(h, email)), 200);
	return told(h, "token");
}

static str wrong(struct arena *a, str code)
{
	return arena_printf(a, "%c%.*s", code.ptr[0] == '9' ? '0' : code.ptr[0] + 1, STRF(str_skip(code, 1)));
}

/* ---- codes ---- */

TEST(a_code_signs_in_once)
{
	ARENA;
	struct house *h = house(a);
	str code = admin_code(h, " Ann@X.org"), id;

	assert_int_equal(code.len, LOGIN_CODE_DIGITS);
	assert_int_equal(try_code(h, "ann@x.org", arena_printf(a, "%.3s %.3s", code.ptr, code.ptr + 3)), 200);
	expect_answer(h, 200, "{'token':'*','user':{'id':'*','display_name':'ann','email':'ann@x.org'}}");
	id = arena_dup(a, json_get_str(json_get(answer(h), S("user")), S("id")));
	assert_int_equal(try_code(h, "ann@x.org", code), 401);
	expect_answer(h, 401, "{'error':'invalid_code'}");
	/* The same person, not another one. */
	sign_in(h, "ANN@x.org");
	assert_str(json_get_str(json_get(answer(h), S("user")), S("id")), id);
}

TEST(a_code_takes_five_tries_and_ten_minutes)
{
	ARENA;
	struct house *h = house(a);
	str code = admin_code(h, "ann@x.org");

	for (int i = 0; i < LOGIN_CODE_TRIES; i++)
		assert_int_equal(try_code(h, "ann@x.org", wrong(a, code)), 401);
	assert_int_equal(try_code(h, "ann@x.org", code), 401);
	code = admin_code(h, "ann@x.org");
	for (int i = 0; i < LOGIN_CODE_TRIES - 1; i++)
		assert_int_equal(try_code(h, "ann@x.org", wrong(a, code)), 401);
	assert_int_equal(try_code(h, "ann@x.org", code), 200);
	code = admin_code(h, "ann@x.org");
	advance(h, LOGIN_CODE_MS);
	assert_int_equal(try_code(h, "ann@x.org", code), 401);
}

TEST(a_code_is_of_one_address_and_the_newest)
{
	ARENA;
	struct house *h = house(a);
	str first = admin_code(h, "ann@x.org"), second = admin_code(h, "ann@x.org");

	assert_int_equal(try_code(h, "bob@x.org", second), 401);
	if (!str_eq(first, second))
		assert_int_equal(try_code(h, "ann@x.org", first), 401);
	assert_int_equal(try_code(h, "ann@x.org", second), 200);
}

/* Credential stuffing: each address a little, all of it from one place. */
TEST(who_guesses_codes_is_stopped_by_address)
{
	ARENA;
	struct house *h = house(a);
	str code = admin_code(h, "ann@x.org");

	for (int i = 0; i < LOGIN_TRIES_BURST; i++)
		assert_int_equal(try_code(h, arena_cstr(a, arena_printf(a, "u%d@x.org", i)), S("123456")), 401);
	assert_int_equal(try_code(h, "ann@x.org", code), 429);
	memcpy(h->address, "10.0.0.9", sizeof("10.0.0.9"));
	assert_int_equal(try_code(h, "ann@x.org", code), 200);
	/* And an hour later again. */
	memcpy(h->address, "127.0.0.1", sizeof("127.0.0.1"));
	advance(h, 3600 * 1000);
	assert_int_equal(try_code(h, "ann@x.org", S("000000")), 401);
}

TEST(asking_for_a_code_says_the_same_of_everybody)
{
	ARENA;
	struct house *h = house(a);
	str known, unknown;

	with_mail(h);
	sign_in(h, "ann@x.org");
	assert_int_equal(call(h, "login_email", "", S("{\"email\":\"ann@x.org\"}")), 200);
	known = h->answers[h->n_answers - 1].body;
	assert_int_equal(call(h, "login_email", "", S("{\"email\":\"nobody@x.org\"}")), 200);
	unknown = h->answers[h->n_answers - 1].body;
	assert_str(known, unknown);
	assert_int_equal(h->n_mails, 2);
	assert_int_equal(try_code(h, "ann@x.org", json_get_str(h->mails[0].says, S("code"))), 200);
}

TEST(nobodys_mailbox_is_filled_and_nobody_is_told)
{
	ARENA;
	struct house *h = house(a);
	str last;

	with_mail(h);
	for (int i = 0; i < 2 * LOGIN_MAILS_BURST; i++) {
		memcpy(h->address, "10.0.0.1", sizeof("10.0.0.1"));
		h->address[7] = (char)('1' + i);
		assert_int_equal(call(h, "login_email", "", S("{\"email\":\"ann@x.org\"}")), 200);
	}
	assert_int_equal(h->n_mails, LOGIN_MAILS_BURST);
	/* The last one that was sent is still good. */
	last = json_get_str(h->mails[h->n_mails - 1].says, S("code"));
	assert_int_equal(try_code(h, "ann@x.org", last), 200);
	memcpy(h->address, "10.0.0.1", sizeof("10.0.0.1"));
	for (int i = 0; i < LOGIN_ASKED_BURST; i++)
		call(h, "login_email", "", text(a, "{'email':'u%d@x.org'}", i));
	assert_int_equal(call(h, "login_email", "", S("{\"email\":\"v@x.org\"}")), 429);
}

TEST(a_code_that_cannot_be_mailed_replaces_none)
{
	ARENA;
	struct house *h = house(a);
	str code = admin_code(h, "ann@x.org");

	with_mail(h);
	while (bucket_has(&h->engine->mails[MAIL_LOGIN_CODE], h->engine->mono_ms, MAILS_PER_HOUR / 60, MAILS_BURST))
		bucket_take(&h->engine->mails[MAIL_LOGIN_CODE]);
	assert_int_equal(call(h, "login_email", "", S("{\"email\":\"ann@x.org\"}")), 200);
	assert_int_equal(h->n_mails, 0);
	assert_int_equal(try_code(h, "ann@x.org", code), 200);
}

static const char *const no_addresses[] = {
	"ann", "ann@", "@x.org", "a b@x.org", "ann@x.org\\r\\nBcc: b@x.org", "ann@x..org", "ann@[1.2.3.4]",
};

TEST(what_is_no_address_gets_no_code)
{
	ARENA;
	struct house *h = house(a);

	with_mail(h);
	for (size_t i = 0; i < ARRAY_LEN(no_addresses); i++)
		assert_int_equal(call(h, "login_email", "", text(a, "{'email':'%s'}", no_addresses[i])), 400);
	assert_int_equal(h->n_mails, 0);
}

TEST(a_code_is_not_used_up_by_a_commit_that_failed)
{
	ARENA;
	struct house *h = house(a);
	str code = admin_code(h, "ann@x.org");

	fail_commits(h, ERR_IO);
	assert_int_equal(try_code(h, "ann@x.org", code), 503);
	fail_commits(h, 0);
	advance(h, 2000);
	assert_int_equal(try_code(h, "ann@x.org", code), 200);
}

/* ---- programs ---- */

struct login { str device_code, user_code, session_id; };

static struct login start(struct house *h)
{
	h->bearer = STR_NONE;
	assert_int_equal(call(h, "device_login", "", S("{\"hostname\":\"box\",\"platform\":\"linux\",\"arch\":\"x64\"}")), 200);
	return (struct login){ told(h, "device_code"), told(h, "user_code"), told(h, "session_id") };
}

static int ask(struct house *h, const char *op, str code)
{
	return call(h, op, arena_cstr(h->a, code), S(""));
}

static void expect_poll(struct house *h, const struct login *l, const char *status)
{
	str before = h->bearer;

	h->bearer = STR_NONE;
	assert_int_equal(ask(h, "device_login_poll", l->device_code), 200);
	assert_str(json_get_str(answer(h), S("status")), str_from(status));
	h->bearer = before;
}

TEST(a_program_is_signed_in_by_its_users_browser)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org"), token;
	struct login l = start(h);

	assert_int_equal(l.device_code.len, DEVICE_CODE_LEN);
	assert_int_equal(l.user_code.len, USER_CODE_LEN);
	assert_int_equal(l.session_id.len, SESSION_ID_LEN);
	expect_poll(h, &l, "pending");
	h->bearer = browser;
	assert_int_equal(ask(h, "device_login_approve", l.session_id), 200);
	expect_poll(h, &l, "approved");
	token = told(h, "session_token");
	expect_answer(h, 200, "{'status':'approved','user':{'email':'ann@x.org'}}");
	h->bearer = token;
	assert_int_equal(call(h, "profile_get", "", S("")), 200);
	expect_answer(h, 200, "{'email':'ann@x.org','display_name':'ann'}");
	expect_poll(h, &l, "consumed");
}

TEST(A10_what_asks_is_shown_and_nothing_is_approved_by_looking)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org");
	struct login l;

	memcpy(h->address, "10.9.8.7", sizeof("10.9.8.7"));
	l = start(h);
	h->bearer = browser;
	assert_int_equal(ask(h, "device_login_look", l.session_id), 200);
	expect_answer(h, 200, "{'hostname':'box','platform':'linux','arch':'x64','address':'10.9.8.7','created_at':'*'}");
	assert_str(told(h, "user_code"), l.user_code);
	/* As it is typed, too. */
	assert_int_equal(ask(h, "device_login_look", arena_printf(a, "%.4s%.4s", l.user_code.ptr, l.user_code.ptr + 5)), 200);
	expect_poll(h, &l, "pending");
	assert_int_equal(ask(h, "device_login_deny", l.user_code), 200);
	expect_poll(h, &l, "denied");
	assert_int_equal(ask(h, "device_login_approve", l.user_code), 404);
	expect_answer(h, 404, "{'error':'Code not found or expired'}");
	expect_poll(h, &l, "denied");
}

TEST(A1_only_a_signed_in_browser_approves)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org"), program;
	struct login l = start(h);

	/* What the reference took for proof. */
	assert_int_equal(call(h, "device_login_approve", arena_cstr(a, l.session_id),
			      S("{\"user_id\":\"x\",\"email\":\"ann@x.org\"}")), 401);
	expect_answer(h, 401, "{'error':'missing_bearer_token'}");
	h->legacy_auth = true;
	assert_int_equal(call(h, "device_login_approve", arena_cstr(a, l.session_id),
			      S("{\"user_id\":\"x\",\"email\":\"ann@x.org\"}")), 401);
	h->legacy_auth = false;
	h->bearer = browser;
	assert_int_equal(call(h, "cli_token", "", S("{}")), 200);
	program = told(h, "token");
	h->bearer = program;
	assert_int_equal(ask(h, "device_login_approve", l.session_id), 403);
	assert_int_equal(call(h, "cli_token", "", S("{}")), 403);
	expect_answer(h, 403, "{'error':'browser_session_required'}");
	h->bearer = STR_NONE;
	assert_int_equal(call(h, "cli_token", "", S("{\"user_id\":\"x\",\"email\":\"ann@x.org\"}")), 401);
	expect_poll(h, &l, "pending");
}

TEST(C10_a_lost_answer_is_given_again_until_the_token_is_used)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org"), first;
	struct login l = start(h);

	h->bearer = browser;
	/* The answer of an approval gets lost, too. */
	assert_int_equal(ask(h, "device_login_approve", l.user_code), 200);
	assert_int_equal(ask(h, "device_login_approve", l.user_code), 200);
	expect_poll(h, &l, "approved");
	first = told(h, "session_token");
	advance(h, LOGIN_REPEAT_MS - 1000);
	restart(h);
	expect_poll(h, &l, "approved");
	assert_str(told(h, "session_token"), first);
	advance(h, 1000);
	expect_poll(h, &l, "consumed");
	h->bearer = first;
	assert_int_equal(call(h, "profile_get", "", S("")), 200);
}

TEST(A14_no_token_lies_in_the_store)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org");
	struct login l = start(h);
	struct login_device_row *row;

	h->bearer = browser;
	assert_int_equal(ask(h, "device_login_approve", l.user_code), 200);
	assert_ok(store_login_device_named(h->f->st, a, l.user_code, &row));
	assert_false(row->token.len);
	expect_poll(h, &l, "approved");
	assert_ok(store_login_device_named(h->f->st, a, l.user_code, &row));
	assert_true(row->token.len);
	assert_false(str_contains(row->token, S("eyJ")));
	assert_false(str_contains(row->digest, l.device_code));
	h->bearer = told(h, "session_token");
	assert_int_equal(call(h, "profile_get", "", S("")), 200);
	expect_poll(h, &l, "consumed");
	assert_ok(store_login_device_named(h->f->st, a, l.user_code, &row));
	assert_false(row->token.len);
	advance(h, LOGIN_CODE_MS);
	assert_ok(store_login_device_named(h->f->st, a, l.user_code, &row));
	assert_null(row);
}

TEST(a_login_waits_five_minutes)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org");
	struct login l = start(h), approved = start(h);

	h->bearer = browser;
	assert_int_equal(ask(h, "device_login_approve", approved.user_code), 200);
	advance(h, LOGIN_DEVICE_MS);
	expect_poll(h, &l, "expired");
	expect_poll(h, &approved, "expired");
	h->bearer = browser;
	assert_int_not_equal(ask(h, "device_login_approve", l.session_id), 200);
	expect_poll(h, &l, "expired");
}

TEST(who_guesses_device_codes_is_stopped)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org");
	struct login l = start(h);

	for (int i = 0; i < LOGIN_MISSES_BURST; i++)
		expect_poll(h, &(struct login){ .device_code = S("AAAAAAAAAAAAAAAA") }, "expired");
	assert_int_equal(ask(h, "device_login_poll", l.device_code), 429);
	h->bearer = browser;
	for (int i = 0; i < LOGIN_MISSES_BURST; i++)
		assert_int_equal(ask(h, "device_login_look", S("AAAA-AAAA")), 404);
	assert_int_equal(ask(h, "device_login_approve", l.user_code), 429);
}

TEST(many_logins_from_one_address_are_refused)
{
	ARENA;
	struct house *h = house(a);

	for (int i = 0; i < LOGIN_DEVICES_BURST; i++)
		start(h);
	assert_int_equal(call(h, "device_login", "", S("{}")), 429);
	memcpy(h->address, "10.0.0.2", sizeof("10.0.0.2"));
	start(h);
}

TEST(names_of_machines_are_shown_as_text_only)
{
	ARENA;
	struct house *h = house(a);
	str browser = sign_in(h, "ann@x.org");

	assert_int_equal(call(h, "device_login", "", S("{\"hostname\":\"a\\u001b[2Jb\",\"platform\":\"x\\u202ey\"}")), 200);
	h->bearer = browser;
	assert_int_equal(ask(h, "device_login_look", told(h, "user_code")), 200);
	expect_answer(h, 200, "{'hostname':'unknown','platform':'unknown','arch':'unknown'}");
}

TEST_MAIN("engine/login")
