/*
 * apikey_test.c - the verbs of API keys: whose they are, how many, how they are named.
 */
#include "engine/harness_test.h"
#include "proto/apikey.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static str make(struct peer *p, const char *caps)
{
	const struct json *made;

	say(p, "{'type':'apikey_create','label':'x','capabilities':[%s],'_reqId':'r'}", caps);
	made = expect(p, "{'type':'apikey_created','_reqId':'r'}");
	return arena_dup(p->place->house->a, json_get_str(made, S("id")));
}

/* The secret is nowhere in the store. */
TEST(d_09_keys_are_of_their_maker_and_hashed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *eve = arrive(other, "eve");
	str key = make(bob, "'read'");
	struct api_key_row *rows;
	size_t n;

	forget_all(h);
	say(eve, "{'type':'apikey_list'}");
	expect(eve, "{'type':'apikey_list_response','keys':[]}");
	say(eve, "{'type':'apikey_revoke','id':'%s'}", arena_cstr(a, key));
	expect(eve, "{'status':'not_found'}");
	say(alice, "{'type':'apikey_revoke','id':'%.*s'}", 6, key.ptr);
	expect(alice, "{'status':'%s','id':null}", "not_found");
	assert_ok(store_api_keys(h->f->st, a, 1, 0, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].digest.len, 32);
	assert_int_equal(rows[0].prefix.len, 11);
}

TEST(the_start_of_an_id_that_two_have_names_neither)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	struct api_key_row row = { .mesh_no = 1, .label = S("x"), .prefix = S("cm_"), .caps = 1, .member_no = 1,
				   .ends_ms = INT64_MAX };
	const char *ids[] = { "abcdefX", "abcdefY", "abcdeg0" };
	struct api_key_row *rows;
	size_t n;

	make(alice, "'send'");
	assert_ok(store_api_keys(h->f->st, a, 1, 0, 10, &rows, &n));
	row.member_no = rows[0].member_no;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		row.id = row.digest = str_from(ids[i]);
		store_api_key_add(h->f->st, &row);
	}
	say(alice, "{'type':'apikey_revoke','id':'abcdef'}");
	expect(alice, "{'type':'apikey_revoke_response','status':'not_unique','matches':2,'id':null}");
	say(alice, "{'type':'apikey_revoke','id':'abcdeg'}");
	expect(alice, "{'status':'revoked','id':'abcdeg0'}");
	say(alice, "{'type':'apikey_revoke','id':'abcdefX'}");
	expect(alice, "{'status':'revoked','id':'abcdefX'}");
	say(alice, "{'type':'apikey_revoke','id':'ABCDEFX'}");
	expect(alice, "{'status':'not_found'}");
}

/* A client that makes one for each command fills no disk. */
TEST(what_ended_goes_after_a_week_and_at_once_when_there_is_no_room)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");

	say(alice, "{'type':'apikey_create','label':'x','capabilities':['read'],'expiresAt':'%.*s'}",
	    STRF(time_iso(a, clock_ms(&h->clock) + 1000)));
	expect(alice, "{'type':'apikey_created'}");
	advance(h, 2000);
	make(alice, "'read'");
	assert_int_equal(count(h->f, "api_key"), 2);
	advance(h, (i64)APIKEY_KEEP_DAYS * 24 * 3600 * 1000);
	make(alice, "'read'");
	assert_int_equal(count(h->f, "api_key"), 2);
}

TEST(ten_thousand_keys_and_no_more)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct api_key_row *rows;
	size_t n;

	forget_all(h);
	make(bob, "'read'");
	assert_ok(store_api_keys(h->f->st, a, 1, 0, 10, &rows, &n));
	for (int i = 1; i < APIKEYS_PER_MEMBER_MAX; i++) {
		rows[0].id = rows[0].digest = arena_printf(a, "keynumber%05d", i);
		store_api_key_add(h->f->st, rows);
	}
	assert_ok(store_commit(h->f->st, a));
	say(bob, "{'type':'apikey_create','label':'x','capabilities':['read'],'_reqId':'r'}");
	expect(bob, "{'type':'error','code':'conflict','_reqId':'r'}");
	say(bob, "{'type':'apikey_list'}");
	assert_int_equal(json_get(expect(bob, "{'type':'apikey_list_response'}"), S("keys"))->count, 10000);
	make(alice, "'read'");
	say(bob, "{'type':'apikey_revoke','id':'keynumber00777'}");
	expect(bob, "{'status':'revoked'}");
	advance(h, 1);
	make(bob, "'read'");
}

TEST(a_key_that_was_not_stored_is_none)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = make(alice, "'read'");

	fail_commits(h, ERR_TRY_AGAIN);
	say(alice, "{'type':'apikey_create','label':'x','capabilities':['read'],'_reqId':'r'}");
	expect(alice, "{'type':'error','code':'try_again','_reqId':'r'}");
	fail_commits(h, ERR_TRY_AGAIN);
	say(alice, "{'type':'apikey_revoke','id':'%s','_reqId':'r'}", arena_cstr(a, key));
	expect(alice, "{'type':'error','code':'try_again','_reqId':'r'}");
	fail_commits(h, 0);
	say(alice, "{'type':'apikey_list'}");
	expect(alice, "{'keys':[{'id':'%s','revokedAt':null}]}", arena_cstr(a, key));
}

TEST_MAIN("engine/apikey")
