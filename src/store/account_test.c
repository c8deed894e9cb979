/*
 * account_test.c - people, their sessions and members, and what waits to be signed in.
 */
#include "store/account.h"

#include "store/fixture_test.h"

static const struct account_row ann = { S("a1"), S("ann@x.org"), S("Ann \xc3\x84"), 5 };

TEST(an_account_is_found_by_id_and_by_email)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct account_row *row;

	store_account_add(f->st, &ann);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_account(f->st, a, S("a1"), &row));
	assert_str(row->email, ann.email);
	assert_str(row->name, ann.name);
	assert_int_equal(row->created_ms, 5);
	assert_ok(store_account_by_email(f->st, a, S("ann@x.org"), &row));
	assert_str(row->id, ann.id);
	assert_ok(store_account_by_email(f->st, a, S("Ann@x.org"), &row));
	assert_null(row);
	store_account_name_set(f->st, S("a1"), S("Anna"));
	assert_ok(store_account(f->st, a, S("a1"), &row));
	assert_str(row->name, S("Anna"));
}

TEST(accounts_are_listed_by_address)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct account_row bob = { S("a0"), S("bob@x.org"), S(""), 6 };
	struct account_session_row live = { S("s1"), S("a1"), S("browser"), S("12345678901234567890123456789012"), S(""), S(""),
					    S(""), S(""), 1, 100, 0, 0 };
	struct account_listed *rows;
	size_t n;

	store_account_add(f->st, &bob);
	store_account_add(f->st, &ann);
	store_session_add(f->st, &live);
	store_account_member_add(f->st, 1, 11, S("a0"), 1);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_accounts(f->st, a, S(""), 99, 10, &rows, &n));
	assert_int_equal(n, 2);
	assert_str(rows[0].account.email, ann.email);
	assert_int_equal(rows[0].n_sessions, 1);
	assert_int_equal(rows[1].n_members, 1);
	assert_ok(store_accounts(f->st, a, S("ann@x.org"), 100, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].n_sessions, 0);
	store_account_block(f->st, S("a1"), 7);
	store_sessions_revoke_of(f->st, S("a1"), 7);
	assert_ok(store_accounts(f->st, a, S(""), 50, 1, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].account.blocked_ms, 7);
	assert_int_equal(rows[0].n_sessions, 0);
}

static struct account_session_row session(str id, str account, str digest, i64 created_ms)
{
	return (struct account_session_row){ id, account, S("cli-session"), digest, S("host"), S("linux"),
					     S("x64"), S("10.0.0.1"), created_ms, 1000, 0, 0 };
}

#define DIGEST_A S("0123456789abcdef0123456789abcdef")
#define DIGEST_B S("1123456789abcdef0123456789abcdef")
#define DIGEST_C S("2123456789abcdef0123456789abcdef")

TEST(sessions_are_listed_while_they_are_good)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct account_session_row one = session(S("s1"), S("a1"), DIGEST_A, 20), *rows, *row,
				   two = session(S("s2"), S("a1"), DIGEST_B, 10),
				   other = session(S("s3"), S("a2"), DIGEST_C, 10);
	size_t n;
	i64 count;

	store_session_add(f->st, &one);
	store_session_add(f->st, &two);
	store_session_add(f->st, &other);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_sessions(f->st, a, S("a1"), 999, 10, &rows, &n));
	assert_int_equal(n, 2);
	assert_str(rows[0].id, S("s2"));
	assert_str(rows[1].hostname, S("host"));
	assert_ok(store_sessions(f->st, a, S("a1"), 1000, 10, &rows, &n));
	assert_int_equal(n, 0);
	store_session_seen(f->st, S("s1"), 77);
	store_session_revoke(f->st, S("s2"), 50);
	store_session_revoke(f->st, S("s2"), 60);
	assert_ok(store_session(f->st, a, S("s2"), &row));
	assert_int_equal(row->revoked_ms, 50);
	assert_ok(store_session_by_digest(f->st, a, DIGEST_A, &row));
	assert_int_equal(row->seen_ms, 77);
	assert_ok(store_session_count(f->st, a, S("a1"), 0, &count));
	assert_int_equal(count, 1);
	/* What was revoked makes room before it would have ended. */
	store_sessions_prune(f->st, 51);
	assert_ok(store_session(f->st, a, S("s2"), &row));
	assert_null(row);
	store_sessions_prune(f->st, 1001);
	assert_ok(store_session(f->st, a, S("s3"), &row));
	assert_null(row);
}

TEST(a_member_is_one_accounts)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	i64 *numbers;
	size_t n;
	str account;

	store_account_member_add(f->st, 1, 12, S("a1"), 1);
	store_account_member_add(f->st, 1, 11, S("a1"), 1);
	store_account_member_add(f->st, 2, 13, S("a1"), 1);
	store_account_member_add(f->st, 1, 14, S("a2"), 1);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_account_members_in(f->st, a, S("a1"), 1, &numbers, &n));
	assert_int_equal(n, 2);
	assert_int_equal(numbers[0], 11);
	store_account_member_add(f->st, 1, 12, S("a2"), 2);
	assert_ok(store_account_of_member(f->st, a, 1, 12, &account));
	assert_str(account, S("a2"));
	store_account_member_drop(f->st, 1, 12);
	assert_ok(store_account_of_member(f->st, a, 1, 12, &account));
	assert_false(account.len);
}

TEST(a_new_code_replaces_the_one_before)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct login_code_row code = { S("ann@x.org"), DIGEST_A, 0, 1, 100 }, *row;

	store_login_code_put(f->st, &code);
	store_login_code_tried(f->st, code.email, 3);
	assert_ok(store_login_code(f->st, a, code.email, &row));
	assert_int_equal(row->tries, 3);
	code.mac = DIGEST_B;
	store_login_code_put(f->st, &code);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_login_code(f->st, a, code.email, &row));
	assert_int_equal(row->tries, 0);
	assert_str(row->mac, DIGEST_B);
	store_login_codes_prune(f->st, 100);
	assert_ok(store_login_code(f->st, a, code.email, &row));
	assert_non_null(row);
	store_login_code_drop(f->st, code.email);
	assert_ok(store_login_code(f->st, a, code.email, &row));
	assert_null(row);
}

TEST(A14_the_token_of_a_login_goes_when_it_was_handed_out)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct login_device_row d = { .digest = DIGEST_A, .session_id = S("clm_sess_X"), .user_code = S("ABCD-EFGH"),
				      .hostname = S("h"), .created_ms = 1, .until_ms = 100 }, *row;

	store_login_device_add(f->st, &d);
	assert_ok(store_commit(f->st, a));
	assert_ok(store_login_device_named(f->st, a, S("clm_sess_X"), &row));
	assert_str(row->user_code, d.user_code);
	assert_ok(store_login_device_named(f->st, a, S("ABCD-EFGH"), &row));
	assert_str(row->session_id, d.session_id);
	d.state = LOGIN_APPROVED;
	d.session = S("s1");
	d.token = S("sealed");
	store_login_device_set(f->st, &d);
	assert_ok(store_login_device(f->st, a, DIGEST_A, &row));
	assert_str(row->token, S("sealed"));
	d.token = STR_NONE;
	d.handed_ms = 7;
	store_login_device_set(f->st, &d);
	assert_ok(store_login_device(f->st, a, DIGEST_A, &row));
	assert_false(row->token.len);
	assert_int_equal(row->handed_ms, 7);
	store_login_devices_prune(f->st, 101);
	assert_ok(store_login_device(f->st, a, DIGEST_A, &row));
	assert_null(row);
}

TEST_MAIN("store/account")
