/*
 * bearer_test.c - what a key is worth, each time it is used.
 */
#include "engine/rest_harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

TEST(a_key_acts_for_its_maker_in_its_mesh)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *eve = arrive(other, "eve");
	str key, foreign;

	arrive(m, "bob");
	forget_all(h);
	key = api_key(alice, "'read'", "");
	foreign = api_key(eve, "'read'", ",'topicScopes':['x','y']");
	ask(h, "peers", key, "{}", "");
	expect_answer(h, 200, "{'peers':[{'displayName':'alice','via':'ws'},{'displayName':'bob','via':'ws'}]}");
	ask(h, "peers", foreign, "{}", "");
	expect_answer(h, 200, "{'peers':[{'displayName':'eve'}]}");
	ask(h, "me", foreign, "{}", "");
	expect_answer(h, 200, "{'meshSlug':'other','displayName':'eve','capabilities':['read'],'topicScopes':['x','y']}");
	ask(h, "me", key, "{}", "");
	expect_answer(h, 200, "{'meshSlug':'team','role':'member','topicScopes':null}");
	/* Who only asks is here for a while, too. */
	lose(alice);
	advance(h, 91000);
	ask(h, "peers", key, "{}", "");
	expect_answer(h, 200, "{'peers':[{'displayName':'alice','via':'rest'},{'displayName':'bob'}]}");
}

/* A7 of http-data-web.md: there keys go on when their maker is gone. */
TEST(a_key_ends_by_its_date_its_revocation_and_its_maker)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str soon, gone, his;
	const struct json *keys;

	forget_all(h);
	soon = api_key(alice, "'read'", arena_printf(a, ",'expiresAt':'%.*s'",
						     STRF(time_iso(a, clock_ms(&h->clock) + 60000))).ptr);
	gone = api_key(alice, "'read'", "");
	his = api_key(bob, "'read'", "");
	assert_int_equal(ask(h, "me", soon, "{}", ""), 200);
	advance(h, 59999);
	assert_int_equal(ask(h, "me", soon, "{}", ""), 200);
	advance(h, 1);
	ask(h, "me", soon, "{}", "");
	expect_answer(h, 401, "{'error':'api_key_invalid','code':'error.api_key_invalid','status':401}");
	assert_true(str_contains(json_get_str(answer(h), S("detail")), S("expired")));
	assert_int_equal(ask(h, "me", gone, "{}", ""), 200);
	say(alice, "{'type':'apikey_list'}");
	keys = json_get(expect(alice, "{'type':'apikey_list_response'}"), S("keys"));
	for (const struct json *k = keys->first; k; k = k->next) {
		if (!str_eq(json_get_str(k, S("prefix")), str_of(gone.ptr, APIKEY_PREFIX_LEN)))
			continue;
		say(alice, "{'type':'apikey_revoke','id':'%.*s'}", STRF(json_get_str(k, S("id"))));
		expect(alice, "{'status':'revoked'}");
	}
	assert_int_equal(ask(h, "me", gone, "{}", ""), 401);
	assert_int_equal(ask(h, "me", his, "{}", ""), 200);
	restart(h);
	assert_int_equal(ask(h, "me", gone, "{}", ""), 401);
	assert_int_equal(ask(h, "me", soon, "{}", ""), 401);
	assert_int_equal(ask(h, "me", his, "{}", ""), 200);
	store_member_standing_set(h->f->st, &(struct member_row){ .mesh_no = 1, .revoked_ms = 7,
		.no = mesh_member(h->engine->meshes, str_from(bob->pubkey))->no });
	assert_ok(store_commit(h->f->st, a));
	restart(h);
	ask(h, "me", his, "{}", "");
	expect_answer(h, 401, "{'error':'api_key_invalid'}");
}

TEST(a_key_does_what_it_is_for_and_its_maker_may)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	str key;

	forget_all(h);
	key = api_key(bob, "'send'", "");
	ask(h, "peers", key, "{}", "");
	expect_answer(h, 403, "{'error':'api_key_missing_capability'}");
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	mesh_member(h->engine->meshes, str_from(alice->pubkey))->role = ROLE_ADMIN;
	key = api_key(alice, "'admin'", "");
	assert_int_equal(ask(h, "peers", key, "{}", ""), 200);
	expect_answer(h, 200, "{}");
	/* What it was given once is worth nothing when its maker may not any more. */
	mesh_member(h->engine->meshes, str_from(alice->pubkey))->role = ROLE_MEMBER;
	ask(h, "me", key, "{}", "");
	expect_answer(h, 200, "{'role':'member','capabilities':['send','read']}");
}

TEST(a_token_of_a_connection_is_its_member_for_ten_minutes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	const struct json *made;
	struct proof proof = { 0 };
	str token;

	forget_all(h);
	say(alice, "{'type':'bearer_token','_reqId':'r'}");
	made = expect(alice, "{'type':'bearer_token_created','_reqId':'r'}");
	token = json_get_str(made, S("token"));
	ask(h, "me", token, "{}", "");
	expect_answer(h, 200, "{'displayName':'alice','keyId':'*','capabilities':['send','read'],'topicScopes':null}");
	assert_int_equal(count(h->f, "api_key"), 0);
	for (size_t i = 4; i < token.len; i += 7) {
		char *bent = arena_cstr(a, token);

		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		if (!bearer_take(a, arena_printf(a, "Bearer %s", bent), &proof))
			assert_int_equal(ask(h, "me", str_of(bent, token.len), "{}", ""), 401);
	}
	assert_err(bearer_take(a, S("Bearer cmt_"), &proof), UNAUTHORIZED);
	assert_err(bearer_take(a, arena_printf(a, "Bearer %.*sA", STRF(token)), &proof), UNAUTHORIZED);
	advance(h, BEARER_TOKEN_MS - 1);
	assert_int_equal(ask(h, "me", token, "{}", ""), 200);
	advance(h, 1);
	assert_int_equal(ask(h, "me", token, "{}", ""), 401);
	say(bob, "{'type':'bearer_token'}");
	token = arena_dup(a, json_get_str(expect(bob, "{'type':'bearer_token_created'}"), S("token")));
	assert_int_equal(ask(h, "me", token, "{}", ""), 200);
	mesh_member(h->engine->meshes, str_from(bob->pubkey))->revoked_ms = 7;
	assert_int_equal(ask(h, "me", token, "{}", ""), 401);
	mesh_member(h->engine->meshes, str_from(bob->pubkey))->revoked_ms = 0;
	restart(h);
	assert_int_equal(ask(h, "me", token, "{}", ""), 401);
}

TEST(nobody_tries_keys)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'read'", ""), wrong = apikey_new(a, &h->random);

	snprintf(h->address, sizeof(h->address), "192.0.2.1");
	for (int i = 0; i < GUESS_BURST; i++)
		assert_int_equal(ask(h, "me", wrong, "{}", ""), 401);
	assert_int_equal(ask(h, "me", wrong, "{}", ""), 429);
	/* What is in memory is looked at first; others can still ask. */
	snprintf(h->address, sizeof(h->address), "192.0.2.2");
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	snprintf(h->address, sizeof(h->address), "192.0.2.1");
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	ask(h, "me", STR_NONE, "{}", "");
	expect_answer(h, 401, "{'error':'api_key_missing'}");
}

TEST(that_a_key_was_used_rides_with_another_commit)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'read'", "");
	i64 commits;

	store_now(h);
	commits = engine_stats(h->engine).commits;
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	assert_int_equal(engine_stats(h->engine).commits, commits);
	advance(h, 50);
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
	say(alice, "{'type':'apikey_list'}");
	expect(alice, "{'keys':[{'lastUsedAt':'*'}]}");
	advance(h, 1000);
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	advance(h, 50);
	assert_int_equal(engine_stats(h->engine).commits, commits + 1);
}

TEST(more_keys_than_memory_holds_are_read_again)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	struct api_key_row *row;
	str first = api_key(alice, "'read'", ""), key = STR_NONE;
	u8 digest[DIGEST_BYTES];

	apikey_digest(first, digest);
	assert_ok(store_api_key(h->f->st, a, str_of(digest, DIGEST_BYTES), &row));
	for (int i = 0; i < APIKEYS_IN_MEMORY + 10; i++) {
		key = apikey_new(a, &h->random);
		apikey_digest(key, digest);
		row->id = arena_printf(a, "key%06d", i);
		row->digest = str_of(digest, DIGEST_BYTES);
		store_api_key_add(h->f->st, row);
		assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	}
	assert_int_equal(ask(h, "me", first, "{}", ""), 200);
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
}

TEST(a_commit_that_failed_leaves_a_key_as_it_was)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'read'", "");
	const struct json *list;

	say(alice, "{'type':'apikey_list'}");
	list = expect(alice, "{'keys':[{}]}");
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	fail_commits(h, ERR_TRY_AGAIN);
	say(alice, "{'type':'apikey_revoke','id':'%.*s','_reqId':'r'}",
	    STRF(json_get_str(json_get(list, S("keys"))->first, S("id"))));
	expect(alice, "{'type':'error','code':'try_again'}");
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
}

/* Of a stranger's bytes nothing is copied that no row knows. */
TEST(what_is_given_and_the_body_are_one_set_of_fields)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'send','read'", "");
	static const struct { const char *given, *body; int status; const char *says; } cases[] = {
		{ "{}", "{'pubkey':7}", 422, "pubkey" },
		{ "{}", "{}", 422, "pubkey" },
		{ "{}", "", 422, "pubkey" },
		{ "{}", "[]", 422, "object" },
		{ "{}", "null", 422, "object" },
		{ "{}", "{", 400, "" },
		{ "{'pubkey':'x'}", "{'pubkey':'x'}", 422, "pubkey" },
		{ "{}", "{'unknown':[1,2,{}],'pubkey':'x'}", 422, "pubkey" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s %s\n", cases[i].given, cases[i].body);
		assert_int_equal(ask(h, "me_peer_pubkey", key, cases[i].given, cases[i].body), cases[i].status);
		assert_true(str_contains(json_get_str(answer(h), S("detail")), str_from(cases[i].says)));
	}
	assert_int_equal(ask(h, "me_peer_pubkey", key, "{}", arena_printf(a, "{'pubkey':'%s'}", alice->pubkey).ptr), 200);
}

TEST(reading_is_charged_by_its_size)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'read'", "");

	h->engine->settings.lists_kb_per_minute = 60;
	for (int i = 0; i < 60; i++)
		assert_int_equal(ask(h, "me", key, "{}", ""), 200);
	ask(h, "me", key, "{}", "");
	expect_answer(h, 429, "{'error':'rate_limit'}");
	advance(h, 1000);
	assert_int_equal(ask(h, "me", key, "{}", ""), 200);
}

/* It draws nothing from the allowance of sends, and is not for nothing. */
TEST(repeats_of_a_post_have_an_end)
{
	static const char *post = "{'topic':'general','text':'hi','idempotencyKey':'c1'}";
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	str key = api_key(alice, "'send'", "");

	h->engine->settings.lists_kb_per_minute = 96;
	for (int i = 0; i < 4; i++) {
		ask(h, "messages", key, "{}", post);
		expect_answer(h, 200, i ? "{'duplicate':true}" : "{'seq':1}");
	}
	ask(h, "messages", key, "{}", post);
	expect_answer(h, 429, "{'error':'rate_limit'}");
	advance(h, 60000);
	assert_int_equal(ask(h, "messages", key, "{}", post), 200);
}

TEST_MAIN("engine/bearer")
