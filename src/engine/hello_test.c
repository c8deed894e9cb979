#include "engine/harness_test.h"

#include "crypto/encode.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

static void share_session(struct peer *to, const struct peer *from)
{
	to->session = from->session;
	memcpy(to->session_pubkey, from->session_pubkey, sizeof(to->session_pubkey));
}

static size_t presences(struct peer *asking)
{
	const struct json *list;

	say(asking, "{'type':'list_peers','_reqId':'count'}");
	list = expect(asking, "{'type':'peers_list','peers':'*','_reqId':'count'}");
	return json_get(list, S("peers"))->count;
}

TEST(a_member_says_hello_and_is_admitted)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");

	greet(alice, GREETING(0));
	expect(alice, "{'type':'hello_ack','presenceId':'*','memberDisplayName':'alice','memberId':'%s',"
	       "'memberProfile':{'roleTag':null,'groups':[],'messageMode':'push'}}", alice->member_id);
	assert_true(alice->admitted);
	expect_nothing(alice);
}

TEST(every_kind_of_hello_is_admitted)
{
	ARENA;
	struct place *m = place(house(a), "team");
	const struct greeting kinds[] = {
		{ 0 }, { .v2 = true }, { .session = true }, { .session = true, .v2 = true },
		{ .show_session = true }, { .show_session = true, .v2 = true },
		{ .capabilities = "[]", .session_id = "" }, { .name = "Al" },
		{ .extra = ",'pid':7,'cwd':'/x','groups':[],'peerType':'ai','unknown':{'a':1}" },
		{ .session = true, .extra = ",'role':'x','groups':[{'name':'g','role':null}]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		enter(newcomer(m, "alice"), &kinds[i]);
}

TEST(refused_hellos_are_told_why_and_closed)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *mallory = stranger(m, "mallory");
	i64 now = clock_ms(&h->clock);
	char zeros[129] = "";
	const struct { struct greeting g; struct peer *who; const char *code, *message; } cases[] = {
		{ { .timestamp_ms = now - 60001 }, alice, "timestamp_skew", "hello rejected: timestamp_skew" },
		{ { .timestamp_ms = now + 60001 }, alice, "timestamp_skew", "*" },
		{ { .session = true, .timestamp_ms = 1 }, alice, "timestamp_skew", "session_hello rejected: timestamp_skew" },
		{ { .signature = zeros }, alice, "bad_signature", "hello rejected: bad_signature" },
		{ { .signature = "abc" }, alice, "malformed", "hello rejected: malformed" },
		{ { .v2 = true, .challenge = "another" }, alice, "bad_signature", "*" },
		{ { .v2 = true, .session = true, .challenge = "another" }, alice, "bad_signature", "*" },
		{ { .v2 = true, .challenge = "" }, alice, "bad_signature", "*" },
		{ { .session = true, .attested_ms = -1 }, alice, "expired", "attestation rejected: expired" },
		{ { .session = true, .attested_ms = 86400001 }, alice, "ttl_too_long", "*" },
		{ { .session = true, .attested_pubkey = mallory->session_pubkey }, alice, "attestation_mismatch",
		  "parentAttestation does not bind the claimed session+parent pubkeys" },
		{ { .session = true, .signature = zeros }, alice, "bad_signature", "session_hello rejected: bad_signature" },
		{ { 0 }, mallory, "unauthorized", "pubkey not found in mesh" },
		{ { .session = true }, mallory, "unauthorized", "parent pubkey not found in mesh" },
		{ { .name = "a\\u001b[2J" }, alice, "malformed", "*" },
		{ { .session_id = "a\\nb" }, alice, "malformed", "*" },
		{ { .extra = ",'cwd':7" }, alice, "malformed", "*" },
		{ { .extra = ",'groups':[{'name':'x\\u0027y'}]" }, alice, "malformed", "*" },
		{ { .extra = ",'groups':[{'name':''}]" }, alice, "malformed", "*" },
		{ { .extra = ",'groups':[{'name':'g','role':'a\\nb'}]" }, alice, "malformed", "*" },
		{ { .extra = ",'timestamp':'1'" }, alice, "bad_json", "*" },
	};

	memset(zeros, '0', 128);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct peer *p = cases[i].who;

		greet(p, &cases[i].g);
		expect(p, "{'type':'error','code':'%s','message':'%s'}", cases[i].code, cases[i].message);
		expect_close(p, 1008, cases[i].code);
		expect_nothing(p);
		assert_false(p->admitted);
	}
	/* The edge itself is inside. */
	greet(alice, GREETING(.timestamp_ms = now - 60000));
	expect(alice, "{'type':'hello_ack'}");
}

TEST(a_frame_before_hello_is_no_hello)
{
	ARENA;
	struct peer *alice = newcomer(place(house(a), "team"), "alice");

	greet_with(alice, S("{\"type\":\"list_peers\"}"), NULL);
	expect(alice, "{'type':'error','code':'no_hello','message':'must send hello first'}");
	expect_close(alice, 1008, "no_hello");
	greet_with(alice, S("{\"type\":\"hello\"}"), NULL);
	expect(alice, "{'type':'error','code':'malformed'}");
	expect_close(alice, 1008, "malformed");
	greet_with(alice, S("[]"), NULL);
	expect(alice, "{'type':'error'}");
	forget(alice);
	greet_with(alice, S("nonsense"), NULL);
	expect(alice, "{'type':'error','code':'bad_json'}");
}

TEST(a_revoked_member_is_banned_in_the_reference_words)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice");

	assert_ok(db_begin(h->f->db, a));
	assert_ok(db_exec(h->f->db, a, S("UPDATE member SET revoked_ms = 5, banned_ms = 5 WHERE name = 'alice'")));
	assert_ok(db_commit(h->f->db, a));
	restart(h);
	for (int session = 0; session < 2; session++) {
		greet(alice, GREETING(.session = session));
		expect(alice, "{'type':'error','code':'revoked','message':"
		       "'You\\u0027ve been removed from \\u0022team\\u0022. Contact the mesh owner to rejoin.'}");
		expect_close(alice, 4002, "You've been removed from \"team\". Contact the mesh owner to rejoin.");
	}
	assert_int_equal(call(h, "join", "", join_body(m, alice)), 403);
}

TEST(a_hello_is_accepted_once_also_after_a_restart)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice");

	for (int session = 0; session < 2; session++) {
		const struct greeting g = { .session = session };
		str frame = hello_frame(alice, &g);

		greet_with(alice, frame, &g);
		expect(alice, "{'type':'hello_ack'}");
		for (int i = 0; i < 2; i++) {
			greet_with(alice, frame, &g);
			expect(alice, "{'type':'error','code':'replayed'}");
			expect_close(alice, 1008, "replayed");
			restart(h);
		}
		/* At the last moment that its time stamp allows. */
		advance(h, 60000);
		greet_with(alice, frame, &g);
		expect(alice, "{'type':'error','code':'replayed'}");
		forget(alice);
		advance(h, 1);
		greet_with(alice, frame, &g);
		expect(alice, "{'type':'error','code':'timestamp_skew'}");
		forget(alice);
	}
}

TEST(a_replayed_hello_in_other_letters_is_the_same)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");
	const struct greeting g = { .session_id = "s1" };
	str frame = hello_frame(alice, &g);
	char *upper = arena_cstr(a, frame), *at = strstr(upper, "\"signature\":\"") + 13;

	greet_with(alice, frame, &g);
	expect(alice, "{'type':'hello_ack'}");
	for (; *at != '"'; at++)
		*at = (char)(*at >= 'a' ? *at - 32 : *at);
	*strstr(upper, "\"s1\"") = '"';
	upper[strstr(upper, "s1") - upper + 1] = '2';
	greet_with(alice, str_from(upper), &g);
	expect(alice, "{'type':'error','code':'replayed'}");
}

TEST(a_replay_that_waited_in_the_queue_is_too_old)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice");
	const struct greeting g = { 0 };
	str frame = hello_frame(alice, &g);

	greet_with(alice, frame, &g);
	expect(alice, "{'type':'hello_ack'}");
	advance(h, 60000);
	hold(h);
	greet_with(alice, frame, &g);
	h->at.us += 120 * 1000000ll;
	/* The sweep forgets the signature in the same batch. */
	effects_free(engine_step(h->engine, NULL, 0));
	release(h);
	expect(alice, "{'type':'error'}");
	assert_false(alice->admitted);
}

TEST(a_session_key_of_another_member_is_refused)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive_session(m, "alice"), *mallory = newcomer(m, "mallory");
	struct peer *bob = newcomer(m, "bob");

	share_session(mallory, alice);
	/* Online, in grace and long gone (D-02). */
	for (int i = 0; i < 3; i++) {
		for (int session = 0; session < 2; session++) {
			mallory->place->house->at.us += 1000;
			greet(mallory, GREETING(.session = session, .show_session = !session));
			expect(mallory, "{'type':'error','code':'bad_session_pubkey'}");
			expect_close(mallory, 1008, "bad_session_pubkey");
		}
		if (i == 0)
			lose(alice);
		else
			advance(m->house, 90000);
	}
	/* A member key is no session key either. */
	bob->session = alice->member;
	memcpy(bob->session_pubkey, alice->pubkey, 65);
	greet(bob, GREETING(.show_session = true));
	expect(bob, "{'type':'error','code':'bad_session_pubkey'}");
}

TEST(nobody_joins_with_a_key_that_is_a_session_key)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive_session(m, "alice"), *p = stranger(m, "p");

	memcpy(p->pubkey, alice->session_pubkey, 65);
	assert_int_equal(call(m->house, "join", "", join_body(m, p)), 409);
}

TEST(the_same_session_id_of_another_member_or_host_disturbs_nobody)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice"), *bob = newcomer(m, "bob"), *other = twin(alice);
	struct peer *kind = twin(alice);

	enter(alice, GREETING(.session_id = "daemon-1", .hostname = "one"));
	enter(bob, GREETING(.session_id = "daemon-1", .hostname = "one"));
	enter(other, GREETING(.session_id = "daemon-1", .hostname = "two"));
	enter(kind, GREETING(.session_id = "daemon-1", .hostname = "one", .session = true));
	forget_all(m->house);
	assert_int_equal(engine_stats(m->house->engine).online, 4);
	/* The list shows a session and the link beside it as one. */
	assert_int_equal(presences(alice), 3);
	assert_int_equal(presences(other), 3);
}

TEST(one_session_id_is_one_presence)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *again = twin(alice);

	enter(alice, GREETING(.session_id = "s"));
	expect(bob, "{'event':'peer_joined'}");
	enter(again, GREETING(.session_id = "s"));
	expect_close(alice, 1000, "session_replaced");
	expect(bob, "{'event':'peer_left','eventData':{'pubkey':'%s'}}", alice->pubkey);
	expect(bob, "{'event':'peer_joined'}");
	assert_int_equal(presences(bob), 2);
	/* What the old connection still says is not heard, and its end changes nothing. */
	say(alice, "{'type':'list_peers','_reqId':'x'}");
	expect_nothing(alice);
	lose(alice);
	assert_int_equal(presences(again), 2);
}

TEST(a_session_with_the_same_key_takes_over_silently)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice"), *again = twin(alice);

	forget(bob);
	share_session(again, alice);
	enter(again, GREETING(.session = true, .session_id = "other"));
	expect_close(alice, 1000, "session_replaced");
	expect_nothing(bob);
	assert_int_equal(presences(bob), 2);
}

TEST(taking_over_by_key_also_keeps_one_presence_per_session_id)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *one = newcomer(m, "alice"), *two = twin(one), *again = twin(one);

	enter(one, GREETING(.session = true, .session_id = "s1"));
	enter(two, GREETING(.session = true, .session_id = "s2"));
	share_session(again, one);
	forget(one);
	enter(again, GREETING(.session = true, .session_id = "s2"));
	expect_close(one, 1000, "session_replaced");
	expect_close(two, 1000, "session_replaced");
	assert_int_equal(presences(again), 1);
}

TEST(reconnecting_with_one_session_id_never_fills_the_mesh)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *carol = newcomer(m, "carol");

	engine_free(h->engine);
	h->settings.max_connections_per_mesh = 2;
	assert_ok(engine_new(a, &h->clock, &h->random, h->f->st, &h->keys, &h->settings, &h->engine));
	enter(bob, GREETING(0));
	for (int i = 0; i < 300; i++) {
		enter(alice, GREETING(.session_id = "s"));
		if (i % 3 == 0)
			lose(alice);
		forget_all(h);
	}
	assert_int_equal(engine_stats(h->engine).presences, 2);
	greet(carol, GREETING(0));
	expect(carol, "{'type':'error','code':'capacity','message':'mesh at connection capacity'}");
	expect_close(carol, 1008, "capacity");
	hang_up(bob);
	h->at.us += 1000;
	enter(carol, GREETING(0));
}

TEST(one_member_can_neither_fill_the_mesh_nor_its_memory)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = newcomer(m, "alice"), *carol = newcomer(m, "carol");
	struct peer *one = twin(alice), *two = twin(alice);

	h->settings.max_connections_per_member = 2;
	h->settings.max_session_keys_per_member = 2;
	restart(h);
	enter(one, GREETING(.session = true, .session_id = "s1"));
	enter(two, GREETING(.session = true, .session_id = "s2"));
	greet(alice, GREETING(.session_id = "s3"));
	expect(alice, "{'type':'error','code':'capacity','message':'member at connection capacity; close one, "
	       "or wait until those that were lost are given up'}");
	expect_close(alice, 1008, "capacity");
	enter(carol, GREETING(0));
	/* A place is free, but no further key is remembered; without one there is no end. */
	hang_up(two);
	h->at.us += 1000;
	greet(alice, GREETING(.session = true, .session_id = "s3"));
	expect(alice, "{'type':'error','code':'capacity','message':'member at session key capacity; use a key again, or none'}");
	expect_close(alice, 1008, "capacity");
	h->at.us += 1000;
	enter(alice, GREETING(.session_id = "s3"));
	hang_up(alice);
	/* A key that is known already comes back, also after a start. */
	restart(h);
	h->at.us += 1000;
	enter(two, GREETING(.session = true, .session_id = "s2"));
	h->at.us += 1000;
	greet(alice, GREETING(.session = true, .session_id = "s4"));
	expect(alice, "{'type':'error','code':'capacity','message':'member at session key capacity; use a key again, or none'}");
}

TEST(a_clean_goodbye_leaves_no_ghost_and_is_told)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = arrive_session(m, "alice");

	expect(bob, "{'type':'push','subtype':'system','event':'peer_joined','senderPubkey':'system',"
	       "'eventData':{'name':'alice','displayName':'alice','pubkey':'%s','memberPubkey':'%s',"
	       "'groups':[]},'nonce':'','ciphertext':'','priority':'low'}", alice->session_pubkey,
	       alice->pubkey);
	hang_up(alice);
	expect(bob, "{'event':'peer_left','eventData':{'name':'alice','pubkey':'%s'}}",
	       alice->session_pubkey);
	assert_int_equal(presences(bob), 1);
	assert_int_equal(engine_stats(m->house->engine).presences, 1);
}

TEST(a_lost_connection_has_90_seconds_to_come_back)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice");
	const struct greeting kinds[] = { { 0 }, { .session = true }, { .show_session = true } };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct json *ack;
		str id;

		h->at.us += 1000;
		greet(alice, &kinds[i]);
		ack = expect(alice, "{'type':'hello_ack'}");
		id = json_get_str(ack, S("presenceId"));
		forget(bob);
		lose(alice);
		advance(h, 89999);
		assert_int_equal(presences(bob), 2);
		greet(alice, &kinds[i]);
		expect(alice, "{'type':'hello_ack','presenceId':'%.*s'}", STRF(id));
		expect_nothing(bob);
		/* The old deadline is void. */
		advance(h, 300000);
		assert_int_equal(presences(bob), 2);
		expect_nothing(bob);
		lose(alice);
		advance(h, 90000);
		expect(bob, "{'event':'peer_left'}");
		assert_int_equal(presences(bob), 1);
	}
}

TEST(coming_back_keeps_name_and_groups)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = newcomer(m, "alice");

	enter(alice, GREETING(.session = true, .name = "Ally"));
	say(alice, "{'type':'join_group','name':'ops'}");
	lose(alice);
	enter(alice, GREETING(.session = true));
	say(alice, "{'type':'list_peers'}");
	expect(alice, "{'peers':[{'displayName':'Ally','groups':[{'name':'ops'}]}]}");
}

TEST(a_session_ends_with_its_attestation)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice");

	enter(alice, GREETING(.session = true, .attested_ms = 5000));
	forget(bob);
	advance(h, 4998);
	expect_nothing(alice);
	advance(h, 2);
	expect_close(alice, 1000, "attestation_expired");
	expect(bob, "{'event':'peer_left'}");
	assert_int_equal(presences(bob), 1);
}

TEST(one_shot_connections_neither_hear_nor_make_noise)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *carol = newcomer(m, "carol");

	enter(alice, GREETING(.capabilities = "['no_delivery']"));
	expect_nothing(bob);
	enter(carol, GREETING(0));
	expect_nothing(alice);
	forget(bob);
	send_to(bob, "*", "x", NULL);
	send_to(bob, alice->pubkey, "y", NULL);
	expect_nothing(alice);
	forget(bob);
	send_to(alice, bob->pubkey, "z", NULL);
	expect(alice, "{'type':'ack','queued':true,'delivery':'live'}");
	expect_message(bob, "z");
	/* Nothing to come back for: not even a lost one stays. */
	lose(alice);
	assert_int_equal(engine_stats(m->house->engine).presences, 2);
	expect_nothing(bob);
}

TEST(a_one_shot_command_inside_a_session_does_not_end_it)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *bob = arrive(m, "bob"), *alice = newcomer(m, "alice"), *shot = twin(alice);

	enter(alice, GREETING(.session_id = "uuid"));
	forget(bob);
	enter(shot, GREETING(.session_id = "uuid", .capabilities = "['no_delivery']"));
	expect_nothing(alice);
	hang_up(shot);
	lose(alice);
	/* Nor does it take the place of one that may come back. */
	enter(shot, GREETING(.session_id = "uuid", .capabilities = "['no_delivery']"));
	hang_up(shot);
	expect_nothing(bob);
	enter(alice, GREETING(.session_id = "uuid"));
	expect_nothing(bob);
	hang_up(alice);
	expect(bob, "{'event':'peer_left'}");
}

TEST(two_meshes_with_the_same_member_key_know_nothing_of_each_other)
{
	ARENA;
	struct house *h = house(a);
	struct place *one = place(h, "one"), *two = place(h, "two");
	struct peer *alice = arrive_session(one, "alice"), *same = stranger(two, "alice");
	struct peer *bob = arrive(two, "bob");

	same->member = alice->member;
	memcpy(same->pubkey, alice->pubkey, 65);
	share_session(same, alice);
	join(same);
	assert_string_not_equal(same->member_id, alice->member_id);
	enter(same, GREETING(.session = true));
	assert_int_equal(presences(alice), 1);
	assert_int_equal(presences(same), 2);
	forget_all(h);
	send_to(bob, alice->session_pubkey, "a", NULL);
	expect(bob, "{'type':'ack','delivery':'live'}");
	expect_message(same, "a");
	send_to(bob, "*", "b", NULL);
	expect_message(same, "b");
	expect_nothing(alice);
	/* A push of one mesh cannot be acked from the other. */
	say(alice, "{'type':'client_ack','clientMessageId':'a'}");
	advance(h, 30000);
	expect_message(same, "a");
	/* And a target of the other mesh is unknown. */
	forget_all(h);
	send_to(alice, bob->pubkey, "c", NULL);
	expect(alice, "{'queued':false,'code':'no_recipient'}");
}

TEST(a_second_hello_on_a_connection_changes_nothing)
{
	ARENA;
	struct place *m = place(house(a), "team");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob");
	struct greeting g = { .conn = alice->conn };

	greet(bob, &g);
	expect(bob, "{'type':'error','code':'malformed'}");
	assert_int_equal(engine_stats(m->house->engine).online, 1);
}

TEST_MAIN("engine/hello")
